/** Canaries, shadows, drift, deletion and the memory budget, over real sockets. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TrafficMode } from '../services/gen/vigil/v1/models_pb.ts';
import { takes } from '../src/registry/traffic.ts';
import { rawOf, startServer, type TestServer, trainToEnd } from './support/server.ts';

const directory = mkdtempSync(join(tmpdir(), 'vigil-versions-'));
let server: TestServer;

const SIZE = 18 * 16;
const rowsOf = (rows: number, value: (i: number) => number = Math.sin) => ({
  shape: [BigInt(rows), 18n, 16n],
  data: { case: 'raw' as const, value: rawOf(Array.from({ length: rows * SIZE }, (_, i) => value(i))) },
});
const train = (requestId: string, dataset = 'simulated:small?rows=60&steps=16') =>
  trainToEnd(server, {
    requestId,
    dataset,
    regime: 'classifier_only',
    options: { epochs: 1, seed: BigInt(requestId) },
  });
const canary = (version: string, share: number, alias = 'stable') =>
  server.models.setTraffic({ alias, version, mode: TrafficMode.CANARY, share });
const ask = async (requestId: string): Promise<string> =>
  (await server.classifier.classify({ samples: rowsOf(1) }, { requestId })).modelVersion;
const trafficOf = async (model: string) =>
  (await server.models.getModelVersion({ model })).version!.traffic.map(({ alias, mode, share }) => ({
    alias,
    mode,
    share,
  }));
const metrics = async (): Promise<string> => (await fetch(`${server.ops}/metrics`)).text();
const metric = async (series: string): Promise<number> => {
  const line = (await metrics()).split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? Number.NaN : Number(line.slice(series.length + 1));
};

async function restart(settings: Record<string, string> = {}): Promise<void> {
  await server.stop();
  server = await startServer(settings, directory);
}

beforeAll(async () => {
  server = await startServer({}, directory);
  for (const requestId of ['1', '2', '3']) await train(requestId);
  await train('4', 'simulated:small?rows=60&steps=12');
  await server.models.setAlias({ alias: 'stable', version: '1' });
}, 120_000);

afterAll(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true });
});

test.each([
  ['an alias that is none', { alias: 'nobody', version: '2', share: 0.5 }, 'NOT_FOUND', 'nobody'],
  ['a version that is none', { alias: 'stable', version: '99', share: 0.5 }, 'NOT_FOUND', '99'],
  ['its own version', { alias: 'stable', version: '1', share: 0.5 }, 'INVALID_ARGUMENT', 'version: found 1'],
  ['no version', { alias: 'stable', version: '', share: 0.5 }, 'INVALID_ARGUMENT', 'version: found nothing'],
  ['no share', { alias: 'stable', version: '2', share: 0 }, 'INVALID_ARGUMENT', 'share: found 0'],
  ['NaN', { alias: 'stable', version: '2', share: Number.NaN }, 'INVALID_ARGUMENT', 'share: found NaN'],
  ['other steps', { alias: 'stable', version: '4', share: 0.5 }, 'FAILED_PRECONDITION', 'steps are 12'],
])('a canary with %s is refused by name', async (_, request, status, message) => {
  const call = server.models.setTraffic({ ...request, mode: TrafficMode.CANARY });
  await expect(call).rejects.toMatchObject({ status, message: expect.stringContaining(message) });
});

test('a split without a mode is refused', async () => {
  const call = server.models.setTraffic({ alias: 'stable', version: '2', share: 0.5 });
  await expect(call).rejects.toMatchObject({
    status: 'INVALID_ARGUMENT',
    message: expect.stringContaining('mode'),
  });
});

test('a canary answers its share, a retry goes where the first try went, and a restart keeps both', async () => {
  await canary('2', 0.5);
  expect(await trafficOf('2')).toEqual([{ alias: 'stable', mode: TrafficMode.CANARY, share: 0.5 }]);
  const ids = Array.from({ length: 40 }, (_, i) => `request-${i}`);
  const split = { alias: 'stable', mode: 'canary', share: 0.5 } as const;
  const expected = ids.map((id) => (takes(split, id) ? '2' : '1'));
  expect(new Set(expected).size).toBe(2);
  const answers = async () => {
    const versions: string[] = [];
    for (const id of ids) versions.push(await ask(id));
    return versions;
  };
  expect(await answers()).toEqual(expected);
  const text = await metrics();
  expect(text).toMatch(/vigil_predictions_total\{class="\w+",alias="stable",side="canary"\} [1-9]/);
  expect(text).toMatch(/vigil_predictions_total\{class="\w+",alias="stable",side="primary"\} [1-9]/);
  expect(await metric('vigil_model_traffic_share{alias="stable",version="2",mode="canary"}')).toBe(0.5);
  await restart();
  expect(await answers()).toEqual(expected);
  // A version that is asked for by its number is the one that answers.
  expect((await server.classifier.classify({ model: '1', samples: rowsOf(1) })).modelVersion).toBe('1');
});

test('a canary that becomes the alias’s version has ended, and so has one that was cleared', async () => {
  await canary('2', 1);
  expect(await ask('any')).toBe('2');
  await server.models.setAlias({ alias: 'stable', version: '2', force: true, reason: 'a drill' });
  expect(await trafficOf('2')).toEqual([]);
  await server.models.setAlias({ alias: 'stable', version: '1' });
  expect(await ask('any')).toBe('1');
  await canary('2', 1);
  const clear = () => server.models.clearTraffic({ alias: 'stable', mode: TrafficMode.CANARY });
  expect((await clear()).split).toMatchObject({ version: '2', share: 1 });
  expect((await clear()).split).toBeUndefined();
  expect(await ask('any')).toBe('1');
  await restart();
  expect(await ask('any')).toBe('1');
});

test('a shadow answers the same rows for the metrics alone', async () => {
  await server.models.setTraffic({ alias: 'stable', version: '3', mode: TrafficMode.SHADOW, share: 1 });
  const samples = rowsOf(5);
  const [ours, theirs] = await Promise.all(
    ['1', '3'].map((model) => server.classifier.classify({ model, samples })),
  );
  const pairs = ours!.predictions.map((prediction, row) => [prediction, theirs!.predictions[row]!] as const);
  const disagreements = pairs.filter(([a, b]) => a.topClass !== b.topClass).length;
  const difference = pairs.reduce(
    (sum, [a, b]) =>
      sum +
      a.probabilities.reduce(
        (part, { probability }, k) => part + Math.abs(probability - b.probabilities[k]!.probability) / 3,
        0,
      ),
    0,
  );
  const answer = await server.classifier.classify({ samples });
  expect(answer.modelVersion).toBe('1');
  await expect.poll(() => metric('vigil_shadow_rows_total{alias="stable",outcome="compared"}')).toBe(5);
  expect(await metric('vigil_shadow_disagreements_total{alias="stable"}')).toBe(disagreements);
  // Both sides are rounded to float32.
  expect(await metric('vigil_shadow_difference_total{alias="stable"}')).toBeCloseTo(difference, 4);
  // Of a large request only a few rows are copied.
  await server.classifier.classify({ samples: rowsOf(30) });
  await expect.poll(() => metric('vigil_shadow_rows_total{alias="stable",outcome="compared"}')).toBe(13);
  expect(await metric('vigil_shadow_rows_total{alias="stable",outcome="dropped"}')).toBe(22);
  // What a canary answers is not compared: it would count as the alias's.
  await canary('2', 1);
  expect(await ask('any')).toBe('2');
  await server.models.clearTraffic({ alias: 'stable', mode: TrafficMode.CANARY });
  expect(await ask('any')).toBe('1');
  await expect.poll(() => metric('vigil_shadow_rows_total{alias="stable",outcome="compared"}')).toBe(14);
  await server.models.clearTraffic({ alias: 'stable', mode: TrafficMode.SHADOW });
});

test('rows unlike those of the training show as drift of the alias', async () => {
  const psi = 'vigil_input_drift_psi{alias="stable",channel="';
  await restart();
  await server.classifier.classify({ samples: rowsOf(150, () => 1e6) });
  expect(await metrics()).not.toContain(psi);
  await server.classifier.classify({ samples: rowsOf(150, () => 1e6) });
  const text = await metrics();
  const values = [...text.matchAll(/vigil_input_drift_psi\{[^}]*\} (\S+)/g)].map(([, value]) =>
    Number(value),
  );
  expect(values).toHaveLength(18);
  expect(Math.min(...values)).toBeGreaterThan(1);
  const outside = [...text.matchAll(/vigil_input_out_of_range_ratio\{[^}]*\} (\S+)/g)];
  expect(outside).toHaveLength(18);
  for (const [, share] of outside) expect(Number(share)).toBeCloseTo(1, 9);
  expect(text).toMatch(/vigil_prediction_drift_psi\{alias="stable"\} \d/);
});

test('a version that anything names is not deleted', async () => {
  await canary('2', 0.5);
  const remove = (version: string) => server.models.deleteModelVersion({ version });
  for (const [version, user] of [
    ['1', 'alias stable'],
    ['2', 'canary of stable'],
    ['4', 'alias candidate'],
  ] as const)
    await expect(remove(version)).rejects.toMatchObject({
      status: 'FAILED_PRECONDITION',
      reason: 'MODEL_IN_USE',
      message: expect.stringContaining(user),
    });
  await expect(remove('stable')).rejects.toMatchObject({ status: 'INVALID_ARGUMENT' });
  await expect(remove('99')).rejects.toMatchObject({ status: 'NOT_FOUND' });
  await server.models.clearTraffic({ alias: 'stable', mode: TrafficMode.CANARY });
});

test('a deleted version is gone with its files; its moves and its number stay', async () => {
  const { version } = await server.models.getModelVersion({ model: '2' });
  const bundle = join(directory, 'models', version!.lineage!.run.replace('runs/', ''));
  expect((await server.classifier.classify({ model: '2', samples: rowsOf(1) })).modelVersion).toBe('2');
  await server.models.deleteModelVersion({ version: '2' });
  await expect(server.classifier.classify({ model: '2', samples: rowsOf(1) })).rejects.toMatchObject({
    status: 'NOT_FOUND',
  });
  await expect.poll(() => existsSync(bundle)).toBe(false);
  const { changes } = await server.models.listAliasChanges({ alias: 'stable' });
  expect(changes.map((change) => change.version)).toContain('2');
  await restart();
  const { versions } = await server.models.listModelVersions({});
  expect(versions.map((each) => each.version)).toEqual(['4', '3', '1']);
  expect(await train('5')).toBe('5');
});

test('a budget for nothing leaves what is pinned, and loads the rest for the calls that ask', async () => {
  await restart({ VIGIL_MODEL_MEMORY_BYTES: '1' });
  const loaded = async () =>
    (await server.models.listModelVersions({})).versions
      .filter(({ loaded: here }) => here)
      .map(({ version }) => version);
  expect(await loaded()).toEqual(['5', '1']);
  const pinned = await metric('vigil_model_memory_bytes');
  expect(pinned).toBeGreaterThan(1000);
  expect((await server.classifier.classify({ model: '3', samples: rowsOf(1) })).modelVersion).toBe('3');
  await expect.poll(loaded).toEqual(['5', '1']);
  expect(await metric('vigil_model_memory_bytes')).toBe(pinned);
  await restart();
  await server.classifier.classify({ model: '3', samples: rowsOf(1) });
  expect(await loaded()).toEqual(['5', '3', '1']);
  expect(await metric('vigil_model_memory_bytes')).toBeGreaterThan(pinned);
});
