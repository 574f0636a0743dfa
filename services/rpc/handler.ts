import type { DescMethod, DescService, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { Logger } from 'pino';
import type { CancelSignal } from '../../src/batching/request.ts';

/** What a handler knows of its call besides the request. */
export interface CallContext {
  /** Full name, "vigil.v1.ClassifierService/Classify". */
  readonly method: string;
  /** Aborts when the caller cancels, the deadline passes or the server is forced to stop. Made when it is asked for. */
  readonly signal: AbortSignal;
  /** Says the same at less cost. */
  readonly cancellation: CancelSignal;
  /**
   * The caller's deadline on the clock of `performance.now()`, milliseconds: a wall clock that is set meanwhile moves
   * no deadline. Undefined when it set none.
   */
  readonly deadline: number | undefined;
  /** Who calls: a name that was authenticated; the peer's address where nothing is. */
  readonly principal: string;
  /** What names the request over its retries: `x-request-id`, else its trace; undefined without either. */
  readonly requestId: string | undefined;
  readonly log: Logger;
}

/** The typed async function, or generator, that serves one method. Throws `VigilError` for anything expected. */
export type MethodHandler<M extends DescMethod> = M extends { methodKind: 'unary' }
  ? (request: MessageShape<M['input']>, context: CallContext) => Promise<MessageInitShape<M['output']>>
  : M extends { methodKind: 'server_streaming' }
    ? (
        request: MessageShape<M['input']>,
        context: CallContext,
      ) => AsyncIterable<MessageInitShape<M['output']>>
    : M extends { methodKind: 'client_streaming' }
      ? (
          requests: AsyncIterable<MessageShape<M['input']>>,
          context: CallContext,
        ) => Promise<MessageInitShape<M['output']>>
      : (
          requests: AsyncIterable<MessageShape<M['input']>>,
          context: CallContext,
        ) => AsyncIterable<MessageInitShape<M['output']>>;

/** Handlers of every method of a service: a missing one does not compile. */
export type ServiceHandlers<S extends DescService> = {
  readonly [K in keyof S['method']]: MethodHandler<S['method'][K]>;
};
