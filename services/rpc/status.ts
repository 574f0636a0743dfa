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
/** Bytes of a text in a status, and of all descriptions of fields: headers of 8 kB are what gRPC's clients take. */
const MOST_TEXT = 1024;
const MOST_DESCRIPTIONS = 2048;
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

/** A text repeats what a caller has sent, which may be long: its begin, in whole characters. */
function clip(text: string, mostBytes = MOST_TEXT): string {
  // No character takes more than three bytes for each of its UTF-16 units.
  if (3 * text.length <= mostBytes) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= mostBytes) return text;
  return `${bytes.toString('utf8', 0, mostBytes - 3).replace(/\uFFFD+$/, '')}…`;
}

/** The first violations, as many as there is room for. */
function clipFields(fields: VigilError['fields']): { field: string; description: string }[] {
  let left = MOST_DESCRIPTIONS;
  return fields.flatMap(({ field, description }) => {
    const violation = { field: clip(field, 256), description: clip(description) };
    const size = Buffer.byteLength(violation.field) + Buffer.byteLength(violation.description);
    left -= size;
    return left < 0 ? [] : [violation];
  });
}

/** The error as a google.rpc.Status: ErrorInfo always, the others where they fit. Long texts are cut. */
export function toRpcStatusMessage(error: VigilError): Status {
  const { code, fields, retryAfterMs, kind } = error;
  const message = clip(error.message);
  const metadata = Object.fromEntries(
    Object.entries(error.metadata).map(([key, value]) => [key, clip(value, 256)]),
  );
  const details = [
    anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason: code, domain: ERROR_DOMAIN, metadata })),
  ];
  if (fields.length > 0) {
    const fieldViolations = clipFields(fields);
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
