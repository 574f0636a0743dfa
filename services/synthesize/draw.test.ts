import { expect, test } from 'vitest';
import { type DrawnChunk, drawAccepted, drawAll } from './draw.ts';

/** Row i is the value i; its C score is what `scoreOf` says. Remembers the calls. */
function scripted(scoreOf: (row: number) => number) {
  const calls: [firstRow: number, rows: number][] = [];
  const draw = async (firstRow: number, rows: number) => {
    calls.push([firstRow, rows]);
    const values = Float32Array.from({ length: rows }, (_, i) => firstRow + i);
    return { values, scores: { c: values.map(scoreOf) } };
  };
  return { calls, draw };
}

const TASK = { className: 'alert', rows: 10, firstRow: 0, chunkRows: 4 };
/** Every third row passes. */
const thirds = (row: number): number => (row % 3 === 0 ? 0.5 : 0.4999);
const HALF = { thresholds: { c: 0.5 }, maxTries: 5 };

async function collect(chunks: AsyncIterable<DrawnChunk>): Promise<DrawnChunk[]> {
  const all: DrawnChunk[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

test('without thresholds: consecutive rows, one call a chunk, and none before its chunk is asked for', async () => {
  const { calls, draw } = scripted(() => 1);
  const chunks = drawAll({ ...TASK, firstRow: 7 }, draw);
  await chunks.next();
  expect(calls).toEqual([[7, 4]]);
  const rest = await collect(chunks);
  expect(calls).toEqual([
    [7, 4],
    [11, 4],
    [15, 2],
  ]);
  expect(rest.map(({ firstRow, rows, tried }) => [firstRow, rows, tried])).toEqual([
    [11, 4, 8],
    [15, 2, 10],
  ]);
});

test('accepted rows are those that reach the threshold, in order, with their index and score', async () => {
  const { draw } = scripted(thirds);
  let rejected = 0;
  const chunks = await collect(drawAccepted(TASK, HALF, draw, () => void rejected++));
  expect(chunks.map(({ rows }) => rows)).toEqual([4, 4, 2]);
  const indices = chunks.flatMap(({ rowIndices }) => rowIndices!);
  expect(indices).toEqual([0, 3, 6, 9, 12, 15, 18, 21, 24, 27]);
  expect(chunks.flatMap(({ values }) => [...values])).toEqual(indices);
  expect(chunks.flatMap(({ scores }) => [...scores.c!])).toEqual(indices.map(() => 0.5));
  expect(chunks.map(({ firstRow }) => firstRow)).toEqual([0, 12, 24]);
  // Up to the last accepted row, not to the end of the engine's call.
  expect([chunks.at(-1)!.tried, rejected]).toEqual([28, 18]);
});

test('going on from first_row + tried gives the rows that follow', async () => {
  const whole = await collect(drawAccepted({ ...TASK, rows: 20 }, HALF, scripted(thirds).draw, () => {}));
  const first = await collect(drawAccepted(TASK, HALF, scripted(thirds).draw, () => {}));
  const second = await collect(
    drawAccepted({ ...TASK, firstRow: first.at(-1)!.tried }, HALF, scripted(thirds).draw, () => {}),
  );
  const indices = (chunks: DrawnChunk[]) => chunks.flatMap(({ rowIndices }) => rowIndices!);
  expect([...indices(first), ...indices(second)]).toEqual(indices(whole));
});

test('tries run out: the accepted rows are sent, then the error has the numbers', async () => {
  const { calls, draw } = scripted(thirds);
  const chunks: DrawnChunk[] = [];
  const run = async (): Promise<void> => {
    for await (const chunk of drawAccepted(TASK, { ...HALF, maxTries: 2 }, draw, () => {}))
      chunks.push(chunk);
  };
  await expect(run()).rejects.toMatchObject({
    code: 'TOO_FEW_ACCEPTED',
    message: expect.stringContaining('class alert: 7 of 10 rows accepted after 20 were tried, 2 for each'),
    metadata: { class: 'alert', wanted: '10', accepted: '7', tried: '20' },
  });
  expect(chunks.flatMap(({ rowIndices }) => rowIndices!)).toEqual([0, 3, 6, 9, 12, 15, 18]);
  expect(calls).toEqual([[0, 20]]);
});

test('no row passes: the work is bounded by the tries, in calls of whole blocks', async () => {
  const { calls, draw } = scripted(() => 0);
  const run = collect(drawAccepted({ ...TASK, firstRow: 40 }, { ...HALF, maxTries: 20 }, draw, () => {}));
  await expect(run).rejects.toThrow('0 of 10 rows accepted after 200 were tried');
  expect(calls).toEqual([
    [40, 56],
    [96, 64],
    [160, 64],
    [224, 16],
  ]);
});
