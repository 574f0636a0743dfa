/** What a request leaves behind is gone with a young collection, which costs next to nothing. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { Batcher } from './batcher.ts';

const REQUESTS = 2000;
/** Of 18 x 100 values. */
const VALUES = 1800;
const REQUEST_BYTES = VALUES * 4;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as (options: { type: 'minor' | 'major' }) => void;

test('rows of answered requests do not grow old', async () => {
  const batcher = new Batcher({
    clock: () => performance.now(),
    maxBatchRows: 32,
    maxPendingRows: 100,
    maxQueueMs: 1000,
    maxInFlight: 1,
    run: async ({ rows }) => new Float32Array(rows),
  });
  const { signal } = new AbortController();
  collectGarbage({ type: 'major' });
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < REQUESTS; i++) {
    const values = new Float32Array(VALUES);
    await batcher.submit({
      key: 'a',
      rows: 1,
      values,
      signal,
      deadline: performance.now() + 1000,
      tag: undefined,
    });
  }
  // What survives the first goes to the old generation with the second.
  collectGarbage({ type: 'minor' });
  collectGarbage({ type: 'minor' });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan((REQUESTS * REQUEST_BYTES) / 10);
});
