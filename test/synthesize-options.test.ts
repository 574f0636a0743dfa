/** Balances, scores and thresholds of Synthesize, over real sockets. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ClassifyFormat } from '../services/gen/vigil/v1/classify_pb.ts';
import { SyntheticScore } from '../services/gen/vigil/v1/synthesize_pb.ts';
import type { BundleManifest } from '../src/registry/manifest.ts';
import { startServer, type TestServer, trainToEnd } from './support/server.ts';
import { type Received, receiveRows, type SynthesizeInit } from './support/synthesis.ts';
import { expectTold, type Told } from './support/told.ts';

let server: TestServer;
const directory = mkdtempSync(join(tmpdir(), 'vigil-synthesize-'));
const EVERY = [SyntheticScore.D_SRC, SyntheticScore.D_CLS, SyntheticScore.C];
const LIMITS = { VIGIL_MAX_SYNTHETIC_ROWS: '5000' };

beforeAll(async () => {
  server = await startServer(LIMITS, directory);
  const version = await trainToEnd(server, {
    requestId: 'joint',
    dataset: 'simulated:small?rows=60&steps=16',
    regime: 'joint_scratch',
    options: { epochs: 2, latentSize: 8 },
  });
  await server.models.setAlias({ alias: 'stable', version });
}, 120_000);

afterAll(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true });
});

const receive = (request: SynthesizeInit): Promise<Received> => receiveRows(server, { seed: 7n, ...request });
const alert = (rows: number) => [{ className: 'alert', rows: BigInt(rows) }];

test('scores come with the very rows that come without them, in any chunks; C is what Classify says', async () => {
  const plain = await receive({ counts: alert(100) });
  const scored = await receive({ counts: alert(100), scores: EVERY });
  const pieces = await receive({ counts: alert(100), scores: EVERY, chunkRows: 7 });
  expect(scored.rows.alert!.bytes).toEqual(plain.rows.alert!.bytes);
  expect(scored.summary!.sha256).toBe(plain.summary!.sha256);
  expect(pieces.rows).toEqual(scored.rows);
  expect(plain.rows.alert).toMatchObject({ dSrc: [], dCls: [], c: [], indices: [] });
  for (const name of ['dSrc', 'dCls', 'c'] as const) {
    const column = scored.rows.alert![name];
    expect(column).toHaveLength(100);
    expect(Math.min(...column)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...column)).toBeLessThanOrEqual(1);
    expect(new Set(column).size).toBeGreaterThan(50);
  }
  const raw = Buffer.concat(scored.rows.alert!.bytes);
  const { tensors, classNames } = await server.classifier.classify({
    samples: { shape: [100n, 18n, 16n], data: { case: 'raw', value: raw } },
    options: { format: ClassifyFormat.TENSORS },
  });
  const bytes = Uint8Array.from(tensors!.probabilities!.data.value as Uint8Array);
  const probabilities = new Float32Array(bytes.buffer);
  const column = classNames.indexOf('alert');
  // Blocks of 32 rows and batches of 64 sum in other orders.
  scored.rows.alert!.c.forEach((c, row) => {
    expect(Math.abs(c - probabilities[row * classNames.length + column]!)).toBeLessThan(1e-5);
  });
});

test('only the scores that are asked for come', async () => {
  const { rows } = await receive({ counts: alert(3), scores: [SyntheticScore.C] });
  expect([rows.alert!.dSrc, rows.alert!.dCls]).toEqual([[], []]);
  expect(rows.alert!.c).toHaveLength(3);
});

test('accepted rows are those of the unfiltered sequence that pass, whatever the chunks; it can be gone on from', async () => {
  const all = (await receive({ counts: alert(400), scores: EVERY })).rows.alert!;
  const middle = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length / 2]!;
  const accept = { minC: middle(all.c), minDSrc: middle(all.dSrc) };
  const passing = all.c.flatMap((c, row) =>
    c >= accept.minC && all.dSrc[row]! >= accept.minDSrc ? [row] : [],
  );
  expect(passing.length).toBeGreaterThan(40);
  const wanted = passing.slice(0, 40);
  for (const chunkRows of [7, 64]) {
    const found = await receive({ counts: alert(40), scores: EVERY, accept, chunkRows });
    const { bytes, indices, c } = found.rows.alert!;
    expect(indices).toEqual(wanted);
    expect(bytes).toEqual(wanted.map((row) => all.bytes[row]));
    expect(c).toEqual(wanted.map((row) => all.c[row]));
    expect(found.chunkRows.slice(0, -1).every((rows) => rows === chunkRows)).toBe(true);
    expect(found.summary).toMatchObject({
      counts: [{ className: 'alert', rows: 40n }],
      draws: [{ className: 'alert', tried: BigInt(wanted.at(-1)! + 1), accepted: 40n }],
      seed: 7n,
      modelVersion: '1',
    });
  }
  const first = await receive({ counts: alert(15), accept });
  const { tried } = first.summary!.draws[0]!;
  const second = await receive({ counts: alert(25), accept, firstRow: tried });
  expect([...first.rows.alert!.indices, ...second.rows.alert!.indices]).toEqual(wanted);
  // Thresholds alone send no scores.
  expect(first.rows.alert!.c).toEqual([]);
});

test('when tries run out, the rows so far come, no summary, and an error with the numbers', async () => {
  const all = (await receive({ counts: alert(100), scores: EVERY })).rows.alert!;
  const minC = all.c.toSorted((a, b) => a - b).at(-3)!;
  const passing = all.c.flatMap((c, row) => (c >= minC ? [row] : []));
  const found = await receive({ counts: alert(50), accept: { minC, maxTries: 2 } });
  expect(found.error).toMatchObject({
    status: 'FAILED_PRECONDITION',
    reason: 'TOO_FEW_ACCEPTED',
    message: expect.stringContaining('class alert: 3 of 50 rows accepted after 100 were tried, 2 for each'),
    metadata: { class: 'alert', wanted: '50', accepted: '3', tried: '100' },
  });
  expect(found.rows.alert!.indices).toEqual(passing);
  expect(found.summary).toBeUndefined();
  const metrics = await (await fetch(`${server.ops}/metrics`)).text();
  const rejected = /vigil_synthesis_rejected_rows_total\{class="alert"\} (\d+)/.exec(metrics)?.[1];
  expect(Number(rejected)).toBeGreaterThanOrEqual(97);
});

test('a balance draws what classes lack, and says so before and after', async () => {
  const present = [...alert(12), { className: 'slightly_drowsy', rows: 5n }];
  const target = { case: 'toLargest' as const, value: true };
  const { header, summary, rows } = await receive({ balance: { present, target } });
  const counts = Object.fromEntries(summary!.counts.map((each) => [each.className, Number(each.rows)]));
  expect(Object.values(counts).toSorted((a, b) => a - b)).toEqual([7, 12]);
  expect(counts).toMatchObject({ slightly_drowsy: 7 });
  expect(header!.counts).toEqual(summary!.counts);
  for (const [name, count] of Object.entries(counts)) expect(rows[name]!.bytes).toHaveLength(count);
  const full = await receive({ balance: { present: alert(1), target: { case: 'toRows', value: 1n } } });
  expect(Object.keys(full.rows)).toHaveLength(2);
  expect(Object.keys(full.rows)).not.toContain('alert');
});

const field = (name: string, text: RegExp): Told => ['INVALID_ARGUMENT', 'FIELD_INVALID', name, text];
test.each<[string, NonNullable<SynthesizeInit>, Told]>([
  ['no threshold', { accept: {} }, field('accept', /found no threshold/)],
  ['a threshold above 1', { accept: { minC: 1.5 } }, field('accept.min_c', /found 1.5; allowed: 0 to 1/)],
  ['a threshold of NaN', { accept: { minDSrc: Number.NaN } }, field('accept.min_d_src', /found NaN/)],
  ['a threshold below 0', { accept: { minDCls: -0.1 } }, field('accept.min_d_cls', /found -0.1/)],
  ['many tries', { accept: { minC: 0.1, maxTries: 10_001 } }, field('accept.max_tries', /10001; allowed: 1/)],
  ['negative tries', { accept: { minC: 0.1, maxTries: -1 } }, field('accept.max_tries', /found -1/)],
  [
    'an unknown score',
    { scores: [3, 9 as SyntheticScore] },
    field('scores[1]', /found 9; allowed: SYNTHETIC_SCORE_D_SRC/),
  ],
  ['the score of no name', { scores: [0] }, field('scores[0]', /found 0/)],
  [
    'too many rows together',
    { counts: [...alert(3000), { className: 'slightly_drowsy', rows: 3000n }] },
    field('counts', /6000 rows together; allowed: at most 5000 in a call/),
  ],
])('bad input: %s', async (_, request, told) => {
  await expectTold(server.synthesizer.synthesize({ counts: alert(1), ...request }), told);
});

test('a version without D still draws and scores by C; D is FAILED_PRECONDITION', async () => {
  await server.stop();
  const withoutD = (text: string): string => {
    const manifest = JSON.parse(text) as BundleManifest;
    const { 'discriminator.safetensors': gone, ...files } = manifest.files;
    expect(gone).toMatch(/^[0-9a-f]{64}$/);
    return JSON.stringify({ ...manifest, files });
  };
  const database = new DatabaseSync(join(directory, 'vigil.sqlite'));
  const row = database.prepare('SELECT manifest, directory FROM versions').get() as {
    manifest: string;
    directory: string;
  };
  database.prepare('UPDATE versions SET manifest = ?').run(withoutD(row.manifest));
  database.close();
  const bundle = join(directory, 'models', row.directory.split('/').at(-1)!);
  const path = join(bundle, 'manifest.json');
  writeFileSync(path, withoutD(readFileSync(path, 'utf8')));
  rmSync(join(bundle, 'discriminator.safetensors'));
  server = await startServer(LIMITS, directory);
  const { rows } = await receive({ counts: alert(3), scores: [SyntheticScore.C] });
  expect(rows.alert!.c).toHaveLength(3);
  for (const request of [{ scores: [SyntheticScore.D_CLS] }, { accept: { minDSrc: 0.5 } }])
    await expectTold(server.synthesizer.synthesize({ counts: alert(1), ...request }), [
      'FAILED_PRECONDITION',
      'MODEL_INCOMPATIBLE',
      '',
      /version 1 has no discriminator, so no D_src and no D_cls; allowed: scores and thresholds of C/,
    ]);
});
