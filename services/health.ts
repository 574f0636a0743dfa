/** grpc.health.v1: "" is ready, "liveness" is the process, and every model alias has its own name. */
import { VigilError } from '../src/errors.ts';
import { ChangeSignal } from './change-signal.ts';
import { type Health, HealthCheckResponse_ServingStatus as Serving } from './gen/grpc/health/v1/health_pb.ts';
import type { ServiceHandlers } from './rpc/handler.ts';

export const READY = '';
export const LIVENESS = 'liveness';

/** What serves and what does not, and who waits for a change. */
export class HealthBoard {
  readonly #serving = new Map<string, boolean>();
  readonly #change = new ChangeSignal();
  #stopped = false;

  constructor() {
    this.#serving.set(READY, false);
    this.#serving.set(LIVENESS, true);
  }

  set(name: string, serving: boolean): void {
    if (this.#stopped && serving) return;
    if (this.#serving.get(name) === serving) return;
    this.#serving.set(name, serving);
    this.#change.notify();
  }

  /** Nothing but liveness serves from now on. */
  stop(): void {
    this.#stopped = true;
    for (const name of this.#serving.keys()) if (name !== LIVENESS) this.set(name, false);
  }

  /** Forgets a name: it becomes unknown. */
  clear(name: string): void {
    if (this.#serving.delete(name)) this.#change.notify();
  }

  /** Undefined for an unknown name. */
  get(name: string): boolean | undefined {
    return this.#serving.get(name);
  }

  entries(): ReadonlyMap<string, boolean> {
    return this.#serving;
  }

  /** Resolves at the next change, or when the signal aborts. */
  changed(signal: AbortSignal): Promise<void> {
    return this.#change.changed(signal);
  }
}

const toStatus = (serving: boolean | undefined): Serving => {
  if (serving === undefined) return Serving.SERVICE_UNKNOWN;
  return serving ? Serving.SERVING : Serving.NOT_SERVING;
};

/** `stopping` ends watches when the server shuts down. */
export function createHealthService(
  board: HealthBoard,
  stopping: AbortSignal,
): ServiceHandlers<typeof Health> {
  return {
    check: async ({ service }) => {
      const serving = board.get(service);
      if (serving === undefined) {
        const known = [...board.entries().keys()].map((name) => JSON.stringify(name)).join(', ');
        throw new VigilError('HEALTH_NAME_UNKNOWN', `no service ${JSON.stringify(service)}; known: ${known}`);
      }
      return { status: toStatus(serving) };
    },
    list: async () => ({
      statuses: Object.fromEntries(
        [...board.entries()].map(([name, serving]) => [name, { status: toStatus(serving) }]),
      ),
    }),
    watch: async function* ({ service }, { signal }) {
      let last: Serving | undefined;
      const ended = AbortSignal.any([signal, stopping]);
      while (!ended.aborted) {
        const now = toStatus(board.get(service));
        // The promise is taken before the message is sent, so that no change in between is missed.
        const change = board.changed(ended);
        if (now !== last) yield { status: now };
        last = now;
        await change;
      }
      if (stopping.aborted) throw new VigilError('SHUTTING_DOWN', 'the server is shutting down');
    },
  };
}
