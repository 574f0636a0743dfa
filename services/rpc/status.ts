/** The one translation of errors to gRPC statuses, with the details of google.rpc. */
import { create, toBinary } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { diskFullError } from '../../src/disk-full.ts';
import { type ErrorKind, VigilError } from '../../src/errors.ts';
import {
  BadRequestSchema,
  ErrorInfoSchema,
  PreconditionFailureSchema,
  RetryInfoSchema,
} from '../gen/google/rpc/error_details_pb.ts';
import { type Status, StatusSchema } from '../gen/google/rpc/status_pb.ts';

const CODES: Readonly<Record<ErrorKind, status>> = {
  invalid: status.INVALID_ARGUMENT,
  not_found: status.NOT_FOUND,
  exists: status.ALREADY_EXISTS,
  precondition: status.FAILED_PRECONDITION,
  aborted: status.ABORTED,
  exhausted: status.RESOURCE_EXHAUSTED,
  unavailable: status.UNAVAILABLE,
  cancelled: status.CANCELLED,
  deadline: status.DEADLINE_EXCEEDED,
  data_loss: status.DATA_LOSS,
  unauthenticated: status.UNAUTHENTICATED,
  denied: status.PERMISSION_DENIED,
  internal: status.INTERNAL,
};

/** Value of `ErrorInfo.domain`. */
export const ERROR_DOMAIN = 'vigil';
const INTERNAL_TEXT = 'internal error; the server log has its cause';

/** A gRPC status ready to send. */
export interface RpcStatus {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

/** What callers may see of any thrown value: errors of the catalogue as they are, everything else as INTERNAL. */
export function toVigilError(error: unknown): VigilError {
  if (error instanceof VigilError) {
    return error.code === 'INTERNAL' ? new VigilError('INTERNAL', INTERNAL_TEXT, { cause: error }) : error;
  }
  return diskFullError(error) ?? new VigilError('INTERNAL', INTERNAL_TEXT, { cause: error });
}

/** The error as a google.rpc.Status: ErrorInfo always, the others where they fit. */
export function toRpcStatusMessage(error: VigilError): Status {
  const { code, message, fields, metadata, retryAfterMs, kind } = error;
  const details = [
    anyPack(
      ErrorInfoSchema,
      create(ErrorInfoSchema, { reason: code, domain: ERROR_DOMAIN, metadata: { ...metadata } }),
    ),
  ];
  if (fields.length > 0) {
    const fieldViolations = fields.map(({ field, description }) => ({ field, description }));
    details.push(anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations })));
  }
  if (retryAfterMs !== undefined) {
    const seconds = BigInt(Math.floor(retryAfterMs / 1000));
    const nanos = Math.round((retryAfterMs % 1000) * 1e6);
    details.push(anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay: { seconds, nanos } })));
  }
  if (kind === 'precondition') {
    const violations = [{ type: code, subject: metadata.subject ?? '', description: message }];
    details.push(anyPack(PreconditionFailureSchema, create(PreconditionFailureSchema, { violations })));
  }
  return create(StatusSchema, { code: CODES[kind], message, details });
}

/** Status, text and `grpc-status-details-bin` of a thrown value. */
export function toRpcStatus(thrown: unknown): RpcStatus {
  const error = toVigilError(thrown);
  const message = toRpcStatusMessage(error);
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(toBinary(StatusSchema, message)));
  return { code: message.code, details: message.message, metadata };
}

/** As grpc-js wants errors of streams. */
export function toServiceError(thrown: unknown): ServiceError {
  const { code, details, metadata } = toRpcStatus(thrown);
  return Object.assign(new Error(details), { code, details, metadata });
}
