/**
 * The error catalogue. Every error a caller can see has a stable code, a kind and a message that says what was
 * found and what is allowed. `services/rpc/status.ts` maps kinds to gRPC statuses; nobody inspects message texts.
 */

/** What went wrong, independent of any transport. */
export type ErrorKind =
  | 'invalid'
  | 'not_found'
  | 'exists'
  | 'precondition'
  | 'aborted'
  | 'exhausted'
  | 'unavailable'
  | 'cancelled'
  | 'deadline'
  | 'data_loss'
  | 'unauthenticated'
  | 'denied'
  | 'internal';

/** Code → kind and the one-line meaning that `docs/errors.md` lists. */
export const ERRORS = {
  FIELD_INVALID: ['invalid', 'A request or configuration field has a value that is not allowed.'],
  TENSOR_INVALID: [
    'invalid',
    'A tensor has the wrong rank, shape, byte length, or a value that is not finite.',
  ],
  CLASS_UNKNOWN: ['invalid', 'A class name is not one of the model or dataset.'],
  DATASET_MALFORMED: ['invalid', 'A dataset file cannot be read: wrong key, shape, dtype, length or value.'],
  DATASET_UNSUITABLE: ['invalid', 'A dataset is well formed but cannot be used for what was asked.'],
  DATASET_NOT_FOUND: ['not_found', 'No dataset is stored or found under the name.'],
  MODEL_NOT_FOUND: ['not_found', 'No model version or alias has the name.'],
  RUN_NOT_FOUND: ['not_found', 'No training run has the name.'],
  OPERATION_NOT_FOUND: ['not_found', 'No operation has the name.'],
  HEALTH_NAME_UNKNOWN: ['not_found', 'The health service knows no such name.'],
  DATASET_EXISTS: ['exists', 'A dataset of the name is stored with other content.'],
  REQUEST_ID_REUSED: ['exists', 'A request_id was used before with different content.'],
  RUN_STATE: ['precondition', 'The run or operation is in a state that does not allow the action.'],
  MODEL_INCOMPATIBLE: [
    'precondition',
    'A model does not fit the request, the snapshot or this code version.',
  ],
  TOO_FEW_ACCEPTED: ['precondition', 'Too few rows of a generator reach the thresholds that were asked for.'],
  PROMOTION_REFUSED: [
    'precondition',
    'The promotion gate found the version worse than stable, or cannot compare them.',
  ],
  MODEL_IN_USE: ['precondition', 'An alias, a canary or a shadow names the model version.'],
  ENGINE_REFUSED: ['precondition', 'The engine asked for by name cannot run here.'],
  REQUIREMENT_MISSING: [
    'precondition',
    'Something that the installation of an engine needs is missing or does not fit.',
  ],
  KERNEL_UNSUPPORTED: [
    'precondition',
    'A program uses a kernel that has no lowering, or fits one batch only.',
  ],
  ALIAS_CONFLICT: ['aborted', 'The alias moved since it was read.'],
  QUEUE_FULL: ['exhausted', 'A bounded queue is full.'],
  DISK_FULL: ['exhausted', 'The disk of the data directory has no room for what was asked.'],
  TOO_MANY_STREAMS: ['exhausted', 'As many streams are open, or datasets being uploaded, as may be.'],
  QUOTA_EXCEEDED: ['exhausted', 'The caller has as many calls as one principal may have.'],
  UNAUTHENTICATED: ['unauthenticated', 'The call has no credentials, or none that the server accepts.'],
  PERMISSION_DENIED: ['denied', 'The caller is known and lacks the scope that the method needs.'],
  DEADLINE_UNREACHABLE: ['exhausted', 'The queue is too long for an answer before the deadline.'],
  ENGINE_UNAVAILABLE: ['unavailable', 'The engine process is starting, restarting or gone.'],
  MODEL_LOADING: ['unavailable', 'The model version is being loaded.'],
  SHUTTING_DOWN: ['unavailable', 'The server is shutting down.'],
  CANCELLED: ['cancelled', 'The caller cancelled.'],
  DEADLINE_EXCEEDED: ['deadline', 'The deadline passed before the work was done.'],
  ARTIFACT_CORRUPT: ['data_loss', 'A stored artifact does not match its recorded hash or cannot be decoded.'],
  TRAINING_DIVERGED: ['internal', 'A loss or weight became NaN or infinite during training.'],
  INTERNAL: ['internal', 'An unexpected error; its cause is in the server log.'],
} as const satisfies Record<string, readonly [ErrorKind, string]>;

export type ErrorCode = keyof typeof ERRORS;

/** One bad field: the path in the request, configuration or file, and what is wrong with it. */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

export interface ErrorDetails {
  readonly fields?: readonly FieldViolation[];
  /** Facts for programs: names, sizes, limits. Sent to the caller, so never internals. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** When trying again makes sense, in milliseconds from now. */
  readonly retryAfterMs?: number;
  /** Logged, never sent. */
  readonly cause?: unknown;
}

/** Nobody asks where they came from, and under overload there are thousands a second: a stack takes 40 us. */
const OF_THE_MOMENT: ReadonlySet<ErrorKind> = new Set(['exhausted', 'cancelled', 'deadline']);

/** The only error class that crosses a room boundary. */
export class VigilError extends Error {
  override readonly name = 'VigilError';
  readonly code: ErrorCode;
  readonly fields: readonly FieldViolation[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    const limit = Error.stackTraceLimit;
    if (OF_THE_MOMENT.has(ERRORS[code][0])) Error.stackTraceLimit = 0;
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    Error.stackTraceLimit = limit;
    this.code = code;
    this.fields = details.fields ?? [];
    this.metadata = details.metadata ?? {};
    this.retryAfterMs = details.retryAfterMs;
  }

  get kind(): ErrorKind {
    return ERRORS[this.code][0];
  }

  /** A bad field: `field` is its path, `found` and `allowed` complete the sentence. */
  static field(field: string, found: string, allowed: string, code: ErrorCode = 'FIELD_INVALID'): VigilError {
    const description = `found ${found}; allowed: ${allowed}`;
    return new VigilError(code, `${field}: ${description}`, { fields: [{ field, description }] });
  }
}
