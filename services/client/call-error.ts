import { fromBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '../gen/google/rpc/error_details_pb.ts';
import { StatusSchema } from '../gen/google/rpc/status_pb.ts';

/** A call that did not end well, with what the server said about it in `google.rpc` details. */
export class VigilCallError extends Error {
  override readonly name = 'VigilCallError';
  /** gRPC status code, 1 to 16. */
  readonly code: number;
  /** Its name: "INVALID_ARGUMENT", ... */
  readonly status: string;
  /** Code of the error catalogue (docs/errors.md); "" when the error is not the server's. */
  readonly reason: string;
  /** Facts for programs, from ErrorInfo. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What is wrong with which field of the request, from BadRequest. */
  readonly fields: readonly { readonly field: string; readonly description: string }[];
  /** How long to wait before another try, from RetryInfo; undefined when the server did not say. */
  readonly retryAfterMs: number | undefined;

  constructor(error: ServiceError) {
    super(error.details || error.message, { cause: error });
    this.code = error.code;
    this.status = status[error.code] ?? 'UNKNOWN';
    let reason = '';
    let metadata: Record<string, string> = {};
    let fields: { field: string; description: string }[] = [];
    let retryAfterMs: number | undefined;
    for (const detail of detailsOf(error)) {
      const info = anyUnpack(detail, ErrorInfoSchema);
      if (info) ({ reason, metadata } = info);
      const request = anyUnpack(detail, BadRequestSchema);
      if (request) fields = request.fieldViolations.map(({ field, description }) => ({ field, description }));
      const delay = anyUnpack(detail, RetryInfoSchema)?.retryDelay;
      if (delay) retryAfterMs = Number(delay.seconds) * 1000 + delay.nanos / 1e6;
    }
    this.reason = reason;
    this.metadata = metadata;
    this.fields = fields;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Details that are no google.rpc.Status, such as a proxy's, are left out: the status itself still counts. */
function detailsOf({ metadata }: ServiceError) {
  const bytes = metadata?.get('grpc-status-details-bin')[0];
  if (!(bytes instanceof Buffer)) return [];
  try {
    return fromBinary(StatusSchema, bytes).details;
  } catch {
    return [];
  }
}

/** An error that this side found in what the server sent. */
export function dataLoss(message: string): VigilCallError {
  const error = { code: status.DATA_LOSS, details: message, metadata: new Metadata() };
  return new VigilCallError(Object.assign(new Error(message), error));
}
