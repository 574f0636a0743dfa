/** Callers that classify without a break and notice every answer that does not come, comes late or is another one. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';

export interface TrafficReport {
  readonly requests: number;
  readonly answered: number;
  /** Answers other than the first one: the same row has one answer. */
  readonly different: number;
  /** Status → calls. */
  readonly failed: Readonly<Record<string, number>>;
  /** Longest time without any answer. */
  readonly longestGapMs: number;
}

const PATH = '/vigil.v1.ClassifierService/Classify';
const bytes = (value: Buffer): Buffer => value;
/** After a failure that came at once, so that a dead server is not asked ten thousand times. */
const PAUSE_MS = 20;

export class Traffic {
  readonly #client: Client;
  readonly #request: Buffer;
  readonly #deadlineMs: number;
  #running = true;
  #requests = 0;
  #answered = 0;
  #different = 0;
  #failed: Record<string, number> = {};
  #expected: Buffer | undefined;
  #answeredAt = performance.now();
  #longestGap = 0;
  #waiting: (() => void)[] = [];
  readonly #callers: Promise<void>[];

  /** `request` is an encoded ClassifyRequest. No retries: what a caller sees is what the server did. */
  constructor(address: string, request: Buffer, callers: number, deadlineMs: number) {
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.enable_retries': 0,
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 200,
    });
    this.#request = request;
    this.#deadlineMs = deadlineMs;
    this.#callers = Array.from({ length: callers }, () => this.#call());
  }

  /** Resolves at the next answer, with the milliseconds since now. */
  async nextAnswer(): Promise<number> {
    const began = performance.now();
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return performance.now() - began;
  }

  async end(): Promise<TrafficReport> {
    this.#running = false;
    await Promise.all(this.#callers);
    this.#client.close();
    return {
      requests: this.#requests,
      answered: this.#answered,
      different: this.#different,
      failed: this.#failed,
      longestGapMs: Math.round(this.#longestGap),
    };
  }

  async #call(): Promise<void> {
    while (this.#running) {
      this.#requests += 1;
      const error = await this.#once();
      if (!error) continue;
      const name = status[error.code] ?? String(error.code);
      this.#failed[name] = (this.#failed[name] ?? 0) + 1;
      await sleep(PAUSE_MS);
    }
  }

  #once(): Promise<ServiceError | undefined> {
    const options = { deadline: Date.now() + this.#deadlineMs };
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(PATH, bytes, bytes, this.#request, options, (error, answer) => {
        if (error) return resolve(error);
        this.#answered += 1;
        this.#expected ??= answer!;
        if (!this.#expected.equals(answer!)) this.#different += 1;
        const now = performance.now();
        this.#longestGap = Math.max(this.#longestGap, now - this.#answeredAt);
        this.#answeredAt = now;
        for (const wake of this.#waiting.splice(0)) wake();
        resolve(undefined);
      });
    });
  }
}
