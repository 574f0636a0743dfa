import { fromBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { type ServiceError, status } from '@grpc/grpc-js';
import { BadRequestSchema, ErrorInfoSchema } from '../gen/google/rpc/error_details_pb.ts';
import { StatusSchema } from '../gen/google/rpc/status_pb.ts';

/** A call that did not end well, with what the server said about it. */
export class CallError extends Error {
  override readonly name = 'CallError';
  /** "INVALID_ARGUMENT", ... */
  readonly status: string;
  /** Code of the error catalogue; "" when the error is not the server's. */
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly fields: readonly { readonly field: string; readonly description: string }[];

  constructor(error: ServiceError) {
    super(error.details || error.message, { cause: error });
    this.status = status[error.code] ?? 'UNKNOWN';
    const bytes = error.metadata?.get('grpc-status-details-bin')[0];
    const details = bytes instanceof Buffer ? fromBinary(StatusSchema, bytes).details : [];
    let reason = '';
    let metadata: Record<string, string> = {};
    let fields: { field: string; description: string }[] = [];
    for (const detail of details) {
      const info = anyUnpack(detail, ErrorInfoSchema);
      if (info) ({ reason, metadata } = info);
      const request = anyUnpack(detail, BadRequestSchema);
      if (request) fields = request.fieldViolations.map(({ field, description }) => ({ field, description }));
    }
    this.reason = reason;
    this.metadata = metadata;
    this.fields = fields;
  }
}
