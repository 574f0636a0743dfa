import { type Metadata, status } from '@grpc/grpc-js';
import {
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Logger } from 'pino';
import { toRpcStatus } from './status.ts';

/** Hears of every call when it ends. */
export type CallObserver = (method: string, statusCode: string, seconds: number) => void;

export interface Observation {
  readonly log: Logger;
  /** Undefined: nothing is traced. */
  readonly tracer: Tracer | undefined;
  readonly onCall: CallObserver;
}

const CARRIER = {
  get: (metadata: Metadata, key: string) => metadata.get(key)[0]?.toString(),
  keys: (metadata: Metadata) => Object.keys(metadata.getMap()),
};

/** Internal errors are the server's fault and are logged with their cause; the caller's own are a debug line. */
function logCall(log: Logger, method: string, code: string, seconds: number, error: unknown): void {
  const severe = code === 'INTERNAL' || code === 'DATA_LOSS' || code === 'UNKNOWN';
  if (!severe && !log.isLevelEnabled('debug')) return;
  const facts = { method, status: code, ms: Math.round(seconds * 1e5) / 100 };
  if (severe) log.error({ ...facts, err: error }, 'call failed');
  else log.debug(error instanceof Error ? { ...facts, reason: error.message } : facts, 'call');
}

/**
 * Runs a call and reports it once, whatever happens. Where there is a tracer it runs inside its server span (the
 * caller's trace context continues); attributes follow the stable RPC conventions of OpenTelemetry.
 */
export async function observeCall<T>(
  { log, tracer, onCall }: Observation,
  method: string,
  metadata: Metadata,
  work: () => Promise<T>,
): Promise<T> {
  const began = performance.now();
  const report = (code: string, error?: unknown): void => {
    const seconds = (performance.now() - began) / 1000;
    onCall(method, code, seconds);
    logCall(log, method, code, seconds, error);
  };
  try {
    const result = await (tracer ? inServerSpan(tracer, method, metadata, work) : work());
    report('OK');
    return result;
  } catch (error) {
    report(codeOf(error), error);
    throw error;
  }
}

const codeOf = (error: unknown): string => status[toRpcStatus(error).code] ?? 'UNKNOWN';

async function inServerSpan<T>(
  tracer: Tracer,
  method: string,
  metadata: Metadata,
  work: () => Promise<T>,
): Promise<T> {
  const parent = propagation.extract(context.active(), metadata, CARRIER);
  const attributes = { 'rpc.system.name': 'grpc', 'rpc.method': method };
  const span: Span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, parent);
  return context.with(trace.setSpan(parent, span), async () => {
    let code = 'OK';
    try {
      return await work();
    } catch (error) {
      code = codeOf(error);
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.setAttribute('rpc.response.status_code', code);
      span.end();
    }
  });
}
