/** The promotion gate over real sockets: what passes, what is refused with its numbers, what force and rollback do. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GateReason } from '../services/gen/vigil/v1/gate_pb.ts';
import { RunState } from '../services/gen/vigil/v1/train_pb.ts';
import { randomKey, uniformAt } from '../src/random.ts';
import { startServer, type TestServer, trainToEnd } from './support/server.ts';

let server: TestServer;
/** Trained well, trained not at all, and trained as well as the first with another seed. */
let good: string;
let bad: string;
let other: string;

/** Twenty subjects, two classes that differ in their mean: learned in a few epochs, by chance alone without. */
const CLIPS = 240;
function clips(seed: number): Uint8Array {
  const noise = randomKey(seed, 'clips');
  const lines = Array.from({ length: CLIPS }, (_, clip) => {
    const label = Math.floor(clip / 20) % 2;
    return Array.from({ length: 8 }, (__, step) => {
      const values = [0, 1].map((channel) => label - uniformAt(noise, (clip * 8 + step) * 2 + channel));
      return `${clip},s${clip % 20},${label === 0 ? 'calm' : 'tired'},${step},${values.join(',')}`;
    });
  });
  return new TextEncoder().encode(['clip,group,label,time,a,b', ...lines.flat()].join('\n'));
}

const upload = (name: string, seed: number) =>
  server.datasets.uploadDataset([
    { part: { case: 'header', value: { name, fileName: 'clips.csv', steps: 8 } } },
    { part: { case: 'data', value: clips(seed) } },
  ]);

const LEARNS = { epochs: 6, batchSize: 8, classifierLearningRate: 0.01, dropout: 0 };
const IDLES = { ...LEARNS, epochs: 1, classifierLearningRate: 1e-9 };
const train = (requestId: string, changes: object = {}) =>
  trainToEnd(server, {
    requestId,
    dataset: 'clips',
    regime: 'classifier_only',
    split: { by: 'group', testShare: 0.3 },
    options: { ...LEARNS, seed: 1n },
    ...changes,
  });
const point = (version: string, changes: object = {}) =>
  server.models.setAlias({ alias: 'stable', version, ...changes });
const stable = async (): Promise<string> =>
  (await server.models.getModelVersion({ model: 'stable' })).version!.version;
const changes = async () => (await server.models.listAliasChanges({ alias: 'stable' })).changes;

beforeAll(async () => {
  server = await startServer();
  await upload('clips', 1);
  good = await train('good');
  bad = await train('bad', { options: { ...IDLES, seed: 1n } });
  other = await train('other', { options: { ...LEARNS, seed: 1n, batchSize: 16 } });
}, 120_000);

afterAll(() => server?.stop());

test('a first version passes, and says that there was nothing to compare with', async () => {
  const { gate, previousVersion } = await point(good);
  expect(previousVersion).toBe('');
  expect(gate).toMatchObject({ passed: true, reason: GateReason.FIRST_VERSION, candidate: good, stable: '' });
  expect((await point(good)).gate?.reason).toBe(GateReason.ALREADY_STABLE);
});

test('a version that is worse is refused with the numbers, and stable stays', async () => {
  const refusal = await point(bad).catch((error: unknown) => error);
  expect(refusal).toMatchObject({
    status: 'FAILED_PRECONDITION',
    reason: 'PROMOTION_REFUSED',
    message: expect.stringMatching(
      /^version 2 is worse than stable version 1 on \d+ held-out rows of 6 groups: macro accuracy 0\.\d+, stable [01]\.\d+, difference -0\.\d+, 95% interval -?[01]\.\d+ to -?0\.\d+; force/,
    ),
    metadata: { subject: 'stable', gate_reason: 'worse', candidate: bad, stable: good, clusters: '6' },
  });
  const { metadata } = refusal as { metadata: Record<string, string> };
  const [ours, theirs] = [metadata.candidate_macro_accuracy, metadata.stable_macro_accuracy].map(Number);
  expect(Number(metadata.macro_accuracy_difference)).toBeCloseTo(ours! - theirs!, 5);
  // What both versions say of themselves on the same test rows.
  for (const [version, score] of [
    [bad, ours],
    [good, theirs],
  ] as const) {
    const { version: model } = await server.models.getModelVersion({ model: version });
    expect(score).toBeCloseTo(model!.evaluation!.macroAccuracy, 5);
  }
  expect(metadata).toHaveProperty('prior_corrected_macro_accuracy_low');
  expect(await stable()).toBe(good);
});

test('force needs a reason', async () => {
  for (const reason of ['', '  '])
    await expect(point(bad, { force: true, reason })).rejects.toMatchObject({
      status: 'INVALID_ARGUMENT',
      fields: [{ field: 'reason', description: expect.stringContaining('why the gate is overruled') }],
    });
  await expect(point(bad, { reason: 'x'.repeat(513) })).rejects.toMatchObject({
    fields: [{ field: 'reason' }],
  });
  expect(await stable()).toBe(good);
});

test('force with a reason moves the alias; reason and refusal are kept with the change', async () => {
  const { gate } = await point(bad, { force: true, reason: ' a drill ' });
  expect(gate).toMatchObject({ passed: false, reason: GateReason.WORSE });
  expect(await stable()).toBe(bad);
  const [latest] = await changes();
  expect(latest).toMatchObject({
    alias: 'stable',
    version: bad,
    previousVersion: good,
    reason: 'a drill',
    forced: true,
    gate: { passed: false, message: expect.stringContaining('is worse than') },
    principal: expect.stringMatching(/127\.0\.0\.1/),
  });
});

test('a rollback needs no comparison and is written down as one', async () => {
  const { gate, previousVersion } = await point(good);
  expect(previousVersion).toBe(bad);
  expect(gate).toMatchObject({ passed: true, reason: GateReason.ROLLBACK, message: /been stable before/ });
  expect(gate?.comparison).toBeUndefined();
  const [latest] = await changes();
  expect(latest).toMatchObject({ version: good, forced: false, gate: { reason: GateReason.ROLLBACK } });
});

test('a version that is not worse passes with both scores, intervals and prior correction', async () => {
  const { gate } = await point(other);
  expect(gate).toMatchObject({ passed: true, reason: GateReason.NOT_WORSE, candidate: other, stable: good });
  const { comparison, heldOut } = gate!;
  expect(heldOut).toMatchObject({ seenRows: 0n, overlapKnown: true, testRows: comparison!.rows });
  expect(comparison).toMatchObject({ clusteredBy: 'group', clusters: 6n });
  const { mean, low, high } = comparison!.macroAccuracy!;
  expect(mean).toBeCloseTo(comparison!.candidate!.macroAccuracy - comparison!.stable!.macroAccuracy, 9);
  expect(low).toBeLessThanOrEqual(high);
  expect(comparison!.candidate!.priorCorrectedMacroAccuracy).toBeGreaterThan(0.5);
  expect(comparison!.macroAuc).toBeDefined();
  await point(good);
});

/** Of another split of the same subjects, so that stable has seen most of its test rows. */
const trainShuffled = (requestId: string, testShare: number, options: object) =>
  train(requestId, { split: { by: 'group', testShare }, options: { ...options, seed: 2n } });

test('rows that stable was trained on are left out, with their subjects', async () => {
  const shuffled = await trainShuffled('shuffled', 0.7, IDLES);
  await expect(point(shuffled)).rejects.toMatchObject({
    message: expect.stringMatching(
      / is worse than .*; \d+ of \d+ test rows of version \d+ are left out: stable version 1 has seen them/,
    ),
    metadata: { gate_reason: 'worse' },
  });
  const refusal = (await point(shuffled).catch((error: unknown) => error)) as { metadata: object };
  const { rows, test_rows, seen_rows } = refusal.metadata as Record<string, string>;
  expect(Number(seen_rows)).toBeGreaterThan(0);
  expect(Number(rows)).toBe(Number(test_rows) - Number(seen_rows));
});

test('where too few rows are left that stable has not seen, nothing is concluded', async () => {
  const shuffled = await trainShuffled('shuffled more', 0.2, LEARNS);
  await expect(point(shuffled)).rejects.toMatchObject({
    message: expect.stringMatching(
      /\d+ of \d+ test rows of version \d+ are left out: stable version 1 has seen them.*; the other \d+ are too few/,
    ),
    metadata: { gate_reason: 'too_few_rows' },
  });
});

test('versions that were split by row know the same groups and are compared; beside one split by group nothing is', async () => {
  const byRow = { split: { by: 'row', testShare: 0.3 } };
  const first = await train('by row', byRow);
  await expect(point(first)).rejects.toMatchObject({ metadata: { gate_reason: 'too_few_rows' } });
  await point(first, { force: true, reason: 'splits by row from now on' });
  const second = await train('by row too', { ...byRow, options: { ...IDLES, seed: 1n } });
  const refusal = (await point(second).catch((error: unknown) => error)) as { metadata: object };
  expect(refusal.metadata).toMatchObject({ gate_reason: 'worse', seen_rows: '0', overlap_known: 'true' });
  await point(good);
});

test('other channels, steps or classes cannot be compared', async () => {
  const shape = await train('shape', { dataset: 'simulated:small?rows=60&steps=16', split: undefined });
  await expect(point(shape)).rejects.toMatchObject({
    reason: 'PROMOTION_REFUSED',
    message: expect.stringMatching(
      /cannot be compared with stable version 1: its channels are .*; those of stable are a, b/,
    ),
    metadata: { gate_reason: 'not_comparable' },
  });
});

test('aliases other than stable have no gate', async () => {
  const { gate } = await server.models.setAlias({ alias: 'night-shift', version: bad });
  expect(gate).toBeUndefined();
});

test('an alias that moved during the comparison is a conflict', async () => {
  const rival = await train('rival', { options: { ...LEARNS, seed: 1n, batchSize: 12 } });
  const compared = point(rival);
  // The rollback has no comparison to wait for and overtakes it.
  await point(bad);
  await expect(compared).rejects.toMatchObject({ status: 'ABORTED', reason: 'ALIAS_CONFLICT' });
  expect(await stable()).toBe(bad);
  await point(good);
});

const lastOf = async (request: object) => {
  const { name } = await server.training.train({
    dataset: 'clips',
    regime: 'classifier_only',
    split: { by: 'group', testShare: 0.3 },
    promote: true,
    ...request,
  });
  const run = name.replace('operations/', 'runs/');
  for await (const update of server.training.watchTraining({ name: run })) {
    if (update.state !== RunState.SUCCEEDED || !update.promotion) continue;
    const stored = (await server.training.getRun({ name: run })).run!;
    return { update, stored, serving: await stable() };
  }
  throw new Error('the stream ended without the promotion');
};

test('train and promote: a run that is worse succeeds and is not promoted, one that is not worse is', async () => {
  const worse = await lastOf({ requestId: 'promote-bad', options: { ...IDLES, seed: 1n, batchSize: 4 } });
  expect(worse.update.promotion).toMatchObject({ promoted: false, gate: { reason: GateReason.WORSE } });
  expect(worse.stored).toMatchObject({ state: RunState.SUCCEEDED, request: { promote: true } });
  expect(worse.stored.promotion).toEqual(worse.update.promotion);
  expect(worse.serving).toBe(good);

  const better = await lastOf({ requestId: 'promote-good', options: { ...LEARNS, seed: 1n, epochs: 7 } });
  expect(better.update.promotion).toMatchObject({ promoted: true, gate: { reason: GateReason.NOT_WORSE } });
  expect(better.serving).toBe(better.update.modelVersion);
  const [latest] = await changes();
  expect(latest).toMatchObject({ reason: `asked for with ${better.stored.name}`, version: better.serving });
  await point(good);
});

test('when the data are gone the gate says so and refuses; force still moves the alias', async () => {
  const late = await train('late', { options: { ...LEARNS, seed: 1n, epochs: 8 } });
  await server.datasets.deleteDataset({ name: 'clips' });
  await expect(point(late)).rejects.toMatchObject({
    status: 'FAILED_PRECONDITION',
    reason: 'PROMOTION_REFUSED',
    message: expect.stringContaining('no dataset "clips"'),
  });
  expect(await stable()).toBe(good);
  // Other data under the same name are not the data that it was trained on.
  await upload('clips', 2);
  await expect(point(late)).rejects.toMatchObject({
    message: expect.stringMatching(/dataset: found data with SHA-256 .*which the model was trained on/),
  });
  expect((await point(late, { force: true, reason: 'the data are gone' })).gate?.passed).toBe(false);
  expect(await stable()).toBe(late);
  expect((await point(good)).gate?.reason).toBe(GateReason.ROLLBACK);
  // Stable's own data are gone: what it has seen of the new ones cannot be told.
  const newer = await train('newer', { options: { ...IDLES, seed: 1n } });
  await expect(point(newer)).rejects.toMatchObject({
    message: expect.stringMatching(
      /is worse than .*; the data of the stable version are gone: it may have seen/,
    ),
    metadata: { gate_reason: 'worse', overlap_known: 'false' },
  });
});

test('a promotion that a crash cut short is decided by the next process', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'vigil-gate-'));
  try {
    const first = await startServer({}, directory);
    const dataset = 'simulated:small?rows=60&steps=16';
    const request = { requestId: 'a', dataset, regime: 'classifier_only', options: { epochs: 1 } };
    const version = await trainToEnd(first, request);
    await first.stop();
    // As it is stored when the process ends between the run's success and the gate's answer.
    const database = new DatabaseSync(join(directory, 'vigil.sqlite'));
    database.exec("UPDATE runs SET request = json_set(request, '$.promote', json('true'))");
    database.close();
    const second = await startServer({}, directory);
    const { operations } = await second.operations.listOperations({});
    const { done } = await second.operations.waitOperation({ name: operations[0]!.name });
    expect(done).toBe(true);
    const { run } = await second.training.getRun({ name: operations[0]!.name.replace('operations', 'runs') });
    expect(run?.promotion).toMatchObject({ promoted: true, gate: { reason: GateReason.FIRST_VERSION } });
    expect((await second.models.getModelVersion({ model: 'stable' })).version?.version).toBe(version);
    await second.stop();
  } finally {
    rmSync(directory, { recursive: true });
  }
}, 60_000);
