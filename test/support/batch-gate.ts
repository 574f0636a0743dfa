/** An engine for batchers that answers when it is told to, in order: result rows are twice the sum of the row. */
import { vi } from 'vitest';
import { Batcher } from '../../src/batching/batcher.ts';
import type { BatcherSettings } from '../../src/batching/settings.ts';

export class Gate {
  readonly batches: { key: string; rows: number }[] = [];
  /** Who was to run each of them. */
  readonly instances: number[] = [];
  readonly #open: { answer(): void; fail(error: unknown): void }[] = [];

  readonly run: BatcherSettings['run'] = ({ key, rows, values, instance }) => {
    this.batches.push({ key, rows });
    this.instances.push(instance);
    const all = values.flatMap((part) => [...part]);
    const size = all.length / rows;
    const result = Float32Array.from({ length: rows }, (_, row) => {
      return 2 * all.slice(row * size, (row + 1) * size).reduce((sum, value) => sum + value, 0);
    });
    return new Promise((resolve, reject) => this.#open.push({ answer: () => resolve(result), fail: reject }));
  };

  /** Batches that wait for their answer. */
  get inFlight(): number {
    return this.#open.length;
  }

  /** Answers the oldest batch. */
  async release(): Promise<void> {
    this.#open.shift()?.answer();
    await vi.advanceTimersByTimeAsync(0);
  }

  /** Answers the oldest batch after so many milliseconds. */
  async releaseAfter(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
    await this.release();
  }

  /** Fails every batch in flight, as a process that goes away does. */
  async fail(error: unknown): Promise<void> {
    for (const { fail } of this.#open.splice(0)) fail(error);
    await vi.advanceTimersByTimeAsync(0);
  }
}

export function batcherOf(gate: Pick<Gate, 'run'>, settings: Partial<BatcherSettings> = {}): Batcher {
  return new Batcher({
    maxBatchRows: 8,
    maxPendingRows: 20,
    maxQueueMs: 0,
    maxInFlight: 1,
    run: gate.run,
    clock: () => performance.now(),
    ...settings,
  });
}

/** Rows of one value each. */
export const rowsOf = (...values: number[]): { rows: number; values: Float32Array; tag: undefined } => ({
  tag: undefined,
  rows: values.length,
  values: Float32Array.from(values),
});
