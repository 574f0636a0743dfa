import type { Metadata } from '@grpc/grpc-js';

/** W3C Trace Context: version, trace id, parent id, flags. A retry has another parent id and the same trace id. */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-/;

/** `x-request-id`, else the trace id of `traceparent`, else undefined. */
export function requestIdOf(metadata: Metadata): string | undefined {
  const [given] = metadata.get('x-request-id');
  if (given) return String(given);
  return TRACEPARENT.exec(String(metadata.get('traceparent')[0] ?? ''))?.[1];
}
