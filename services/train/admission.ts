import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { VigilError } from '../../src/errors.ts';
import { Mutex } from '../mutex.ts';
import { operationName } from '../resource-names.ts';
import type { RunRecord, Store, StoredTrainRequest } from '../storage/store.ts';

/** A request_id means the same training for so long. */
const REQUEST_ID_MS = 24 * 3600 * 1000;
/** When a caller that met a full queue should come back. */
const RETRY_AFTER_MS = 30_000;

/** Stores new runs: each request_id once, never more in the queue than it holds. */
export class Admission {
  readonly #store: Store;
  readonly #maxQueued: number;
  readonly #now: () => number;
  /** One request at a time looks and stores, so that two of the same id cannot both be new. */
  readonly #mutex = new Mutex();

  constructor(store: Store, maxQueued: number, now: () => number) {
    this.#store = store;
    this.#maxQueued = maxQueued;
    this.#now = now;
  }

  /** Errors: REQUEST_ID_REUSED, QUEUE_FULL. */
  submit(
    requestId: string,
    principal: string,
    request: StoredTrainRequest,
  ): Promise<{ run: RunRecord; isNew: boolean }> {
    return this.#mutex.run(() => this.#submit(requestId, principal, request));
  }

  async #submit(
    requestId: string,
    principal: string,
    request: StoredTrainRequest,
  ): Promise<{ run: RunRecord; isNew: boolean }> {
    const createTime = this.#now();
    const known = await this.#store.findRequest(requestId, createTime - REQUEST_ID_MS);
    if (known) {
      if (isDeepStrictEqual(known.request, request)) return { run: known, isNew: false };
      const operation = operationName(known.id);
      const message = `request_id ${JSON.stringify(requestId)} began ${operation} with other content`;
      throw new VigilError('REQUEST_ID_REUSED', message, { metadata: { operation } });
    }
    const { queued, interrupted } = await this.#store.countRuns();
    if (queued + interrupted >= this.#maxQueued) {
      const message = `${queued + interrupted} runs wait already; at most ${this.#maxQueued} may`;
      throw new VigilError('QUEUE_FULL', message, { retryAfterMs: RETRY_AFTER_MS });
    }
    const day = new Date(createTime).toISOString().slice(0, 10).replaceAll('-', '');
    const id = `${day}-${randomBytes(5).toString('hex')}`;
    return {
      run: await this.#store.createRun({ id, requestId, principal, request, createTime }),
      isNew: true,
    };
  }
}
