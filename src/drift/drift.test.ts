import { expect, test } from 'vitest';
import { fillNormal, randomKey } from '../random.ts';
import { DecayedCounts } from './decayed-counts.ts';
import { DriftMonitor, LEAST_ROWS } from './monitor.ts';
import { populationStability } from './psi.ts';
import { fitReference } from './reference.ts';

const CHANNELS = 3;
const STEPS = 10;
/** `rows` x 3 x 10 standard normal values; those of channel 1 moved by `shift`. */
function normalRows(seed: number, rows: number, shift = 0): Float32Array {
  const values = fillNormal(randomKey(seed, 'rows'), new Float32Array(rows * CHANNELS * STEPS));
  return values.map((value, i) => (Math.floor(i / STEPS) % CHANNELS === 1 ? value + shift : value));
}
const rowsOf = (values: Float32Array) => ({ channels: CHANNELS, steps: STEPS, values });
const all = (rows: number) => Uint32Array.from({ length: rows }, (_, row) => row);

function monitorOf(windowRows = 2000): DriftMonitor {
  return new DriftMonitor({
    reference: fitReference(rowsOf(normalRows(1, 1000)), all(1000)),
    limits: { low: [-2, -2, -2], high: [2, 2, 2] },
    predictions: [50, 50],
    steps: STEPS,
    windowRows,
  });
}
const evenly = (rows: number) => Uint8Array.from({ length: rows }, (_, row) => row % 2);

test('PSI in closed form, with half a row more in every bin', () => {
  expect(populationStability([10, 30], [20, 60])).toBeCloseTo(
    (10.5 / 41 - 20.5 / 81) * Math.log(10.5 / 41 / (20.5 / 81)) +
      (30.5 / 41 - 60.5 / 81) * Math.log(30.5 / 41 / (60.5 / 81)),
    12,
  );
  expect(populationStability([7, 7, 7], [7, 7, 7])).toBe(0);
});

test('PSI is the same both ways round, and finite where a bin is empty', () => {
  const [a, b] = [
    [100, 0, 5],
    [40, 60, 5],
  ];
  expect(populationStability(a!, b!)).toBeCloseTo(populationStability(b!, a!), 12);
  expect(populationStability(a!, b!)).toBeGreaterThan(1);
  expect(populationStability(a!, b!)).toBeLessThan(10);
});

test('deciles of a hundred distinct values hold ten each', () => {
  const values = Float32Array.from({ length: 100 }, (_, i) => (i * 37) % 100);
  const { channels } = fitReference({ channels: 1, steps: 1, values }, all(100));
  expect(channels[0]!.edges).toEqual([9, 19, 29, 39, 49, 59, 69, 79, 89]);
  for (const share of channels[0]!.shares) expect(share).toBeCloseTo(0.1, 12);
});

test('only the given rows count, and repeated values share a bin', () => {
  const values = Float32Array.of(5, 5, 5, 5, 99, 99);
  const { channels, rows } = fitReference({ channels: 1, steps: 2, values }, Uint32Array.of(0, 1));
  expect(rows).toBe(2);
  expect(channels).toEqual([{ edges: [5], shares: [1, 0] }]);
});

test('counts forget geometrically, also where they are brought down', () => {
  const counts = new DecayedCounts(1, 10);
  counts.add(0);
  for (let i = 0; i < 20; i++) counts.age();
  expect(counts.read()[0]).toBeCloseTo(0.9 ** 20, 12);
  // 0.9^-n passes 2^30 every 198 rows.
  for (let i = 0; i < 1000; i++) {
    counts.age();
    counts.add(0);
  }
  // The geometric series 1 / (1 - 0.9).
  expect(counts.read()[0]).toBeCloseTo(10, 9);
});

test('nothing is said of few rows', () => {
  const monitor = monitorOf();
  monitor.see(LEAST_ROWS - 1, normalRows(2, LEAST_ROWS - 1), evenly(LEAST_ROWS - 1));
  expect(monitor.report()).toBeUndefined();
  monitor.see(1, normalRows(3, 1), evenly(1));
  expect(monitor.report()).toBeDefined();
});

test.each([11, 12, 13, 14, 15])('rows like those of the training stay below 0.1 (seed %i)', (seed) => {
  const monitor = monitorOf();
  monitor.see(400, normalRows(seed, 400), evenly(400));
  const { channelPsi, outOfRange, predictionPsi } = monitor.report()!;
  // Expected (10 - 1)(1/400 + 1/1000) = 0.03 if a row were one value; it is four independent ones here.
  for (const psi of channelPsi) expect(psi).toBeLessThan(0.1);
  expect(predictionPsi).toBeLessThan(0.01);
  // 4.55 % of a normal's values lie beyond two deviations; 1,600 values give a deviation of 0.5 points: four of them.
  for (const share of outOfRange) expect(Math.abs(share - 0.0455)).toBeLessThan(0.021);
});

test('a shift of one deviation is seen in its channel alone, and so is a change of the answers', () => {
  const monitor = monitorOf();
  monitor.see(400, normalRows(21, 400, 1), new Uint8Array(400));
  const { channelPsi, outOfRange, predictionPsi } = monitor.report()!;
  // Two unit normals a deviation apart: the divergence, symmetrised, is 1; ten bins keep most of it.
  expect(channelPsi[1]).toBeGreaterThan(0.7);
  expect(channelPsi[1]).toBeLessThan(1.2);
  for (const other of [0, 2]) expect(channelPsi[other]).toBeLessThan(0.1);
  expect(outOfRange[1]).toBeGreaterThan(0.12);
  expect(predictionPsi).toBeGreaterThan(0.25);
});

test('what was long ago is forgotten', () => {
  const monitor = monitorOf(300);
  monitor.see(400, normalRows(31, 400, 3), evenly(400));
  expect(monitor.report()!.channelPsi[1]).toBeGreaterThan(1);
  monitor.see(2000, normalRows(32, 2000), evenly(2000));
  expect(monitor.report()!.channelPsi[1]).toBeLessThan(0.1);
});

test('every step of a row is counted as often as another', () => {
  // A row's value is its step: any preference for some steps would bend a uniform histogram.
  const values = Float32Array.from({ length: 4000 * 7 }, (_, i) => i % 7);
  const monitor = new DriftMonitor({
    reference: fitReference({ channels: 1, steps: 7, values }, all(4000)),
    limits: { low: [0], high: [6] },
    predictions: [1],
    steps: 7,
    windowRows: 100_000,
  });
  monitor.see(4000, values, new Uint8Array(4000));
  // Seven bins of about 2,286 counted values: noise alone gives 6 / 16,000 at most.
  expect(monitor.report()!.channelPsi[0]).toBeLessThan(0.002);
  expect(monitor.report()!.outOfRange[0]).toBe(0);
});
