import { VigilError } from '../../src/errors.ts';

/** When a refused caller should come back. */
const RETRY_AFTER_MS = 1000;

/** The streams that are open: how many, at most how many, and who ends them at a stop. */
export class OpenStreams {
  readonly #most: number;
  readonly #onCount: (open: number) => void;
  readonly #enders = new Set<(reason: VigilError) => void>();
  #stopped: VigilError | undefined;

  constructor(most: number, stopping: AbortSignal, onCount: (open: number) => void) {
    this.#most = most;
    this.#onCount = onCount;
    stopping.addEventListener('abort', () => this.#stop(), { once: true });
  }

  /** Admits a stream; `end` hears when the server stops. Returns what closes it. TOO_MANY_STREAMS, SHUTTING_DOWN. */
  open(end: (reason: VigilError) => void): () => void {
    if (this.#stopped) throw this.#stopped;
    if (this.#enders.size >= this.#most) {
      const message = `${this.#enders.size} streams are open; at most ${this.#most} may be (VIGIL_MAX_STREAMS)`;
      throw new VigilError('TOO_MANY_STREAMS', message, { retryAfterMs: RETRY_AFTER_MS });
    }
    this.#enders.add(end);
    this.#onCount(this.#enders.size);
    return () => {
      if (this.#enders.delete(end)) this.#onCount(this.#enders.size);
    };
  }

  #stop(): void {
    this.#stopped = new VigilError('SHUTTING_DOWN', 'the server is shutting down; open the stream again');
    for (const end of this.#enders) end(this.#stopped);
  }
}
