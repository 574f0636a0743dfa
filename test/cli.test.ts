/** The command line as a process: results on stdout, one clear line for errors, documented exit codes. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ExplainedSteps } from '../services/cli/explain-step.ts';
import { loadDataset } from '../src/data/load-dataset.ts';
import { readNpz } from '../src/data/npz.ts';
import { openDataset } from '../src/data/open-dataset.ts';
import { json, type Outcome, runVigil } from './support/cli.ts';
import { startServer, type TestServer } from './support/server.ts';

const directory = mkdtempSync(join(tmpdir(), 'vigil-cli-'));
let server: TestServer;
const vigil = (args: string[], input = ''): Promise<Outcome> => runVigil(directory, server, args, input);

const SOURCE = 'simulated:small?rows=60&steps=16';

beforeAll(async () => {
  server = await startServer();
}, 60_000);

afterAll(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true });
});

test('train follows a run to its version: a line per epoch where there is no terminal', async () => {
  const { code, stdout, stderr } = await vigil([
    'train',
    '-d',
    SOURCE,
    '-s',
    'epochs=2',
    '-s',
    'latentSize=8',
    '-n',
    'mine',
  ]);
  expect(code).toBe(0);
  expect(stderr).toMatch(/epoch 1\/2 {2}.*classifier \d\.\d{3}.*validation: accuracy/);
  expect(stderr).toMatch(/epoch 2\/2/);
  expect(stdout).toContain('model version 1 (alias candidate)');
  expect(stdout).toMatch(/macro accuracy \d+\.\d%/);
});

test('train --json is a line of JSON per update, the run last', async () => {
  const args = [
    '--json',
    'train',
    '-d',
    SOURCE,
    '-r',
    'classifier_only',
    '-s',
    'epochs=1',
    '--ablate',
    'adversarial,joint',
    '--request-id',
    'same',
  ];
  const { code, stdout } = await vigil(args);
  expect(code).toBe(0);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.at(-2)).toMatchObject({ state: 'RUN_STATE_SUCCEEDED', modelVersion: '2' });
  expect(lines.at(-1)).toMatchObject({
    request: { regime: 'classifier_only', options: { ablate: ['adversarial', 'joint'] } },
    modelVersion: '2',
  });
  const again = await vigil([...args, '--no-wait']);
  expect(json(again)).toMatchObject({ done: true });
});

test('models are promoted and listed', async () => {
  expect((await vigil(['models', 'promote', '1'])).stdout).toContain(
    'stable points at version 1 (before: nothing)',
  );
  const { stdout } = await vigil(['models']);
  expect(stdout).toMatch(/^VERSION {2}ALIASES/);
  expect(stdout).toMatch(/1 +stable +joint_scratch/);
  expect(json(await vigil(['--json', 'models', 'show', 'stable']))).toMatchObject({
    version: '1',
    hasGenerator: true,
  });
  const lost = await vigil(['models', 'promote', '2', '--expect', '9']);
  expect(lost).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('points at version 1; expected version 9'),
  });
});

test('runs are listed and shown', async () => {
  const { stdout } = await vigil(['runs']);
  expect(stdout).toContain('mine');
  const id = /runs\/(\S+)/.exec(stdout)![1]!;
  expect((await vigil(['runs', 'show', id])).stdout).toContain('succeeded');
  expect(await vigil(['runs', 'cancel', id])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('only a run that is not over'),
  });
  expect((await vigil(['runs', 'watch', id])).code).toBe(0);
});

test('classify: a source with labels, rows of it, and JSON on stdin', async () => {
  const table = await vigil(['classify', SOURCE, '--rows', '0-2,9']);
  expect(table.stdout.trim().split('\n')).toHaveLength(5);
  expect(table.stderr).toMatch(/4 rows by version 1; \d/);
  const one = JSON.stringify(Array.from({ length: 18 }, () => new Array<number>(16).fill(0.5)));
  const answer = await vigil(['--json', 'classify', '-'], one);
  expect(json(answer)).toMatchObject({ modelVersion: '1', predictions: [{ topClass: expect.any(String) }] });
  expect(await vigil(['classify', '-'], '[[1,2],[3]]')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('rows of different sizes'),
  });
  expect(await vigil(['classify', SOURCE, '--rows', '0-99999'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('numbers and ranges from 0 to'),
  });
});

test('classify: other outputs as columns, and as arrays in a file', async () => {
  const args = ['classify', SOURCE, '--rows', '0-2'];
  const { stdout } = await vigil([...args, '--logits', '--prior-corrected', '--top-class']);
  expect(stdout).toMatch(/^ROW +PREDICTED +LABEL +CORRECTED +ALERT\* .*LOGIT ALERT/);
  expect(stdout).not.toMatch(/ALERT +SLIGHTLY_DROWSY/);
  const out = await vigil([...args, '--embedding', '--uncalibrated', '-o', 'answers.npz']);
  expect(out).toMatchObject({ code: 0, stderr: expect.stringContaining('in answers.npz') });
  const arrays = readNpz(readFileSync(join(directory, 'answers.npz')), 'answers.npz', 2 ** 20);
  expect([...arrays.keys()].toSorted()).toEqual(['class_names', 'embedding', 'probabilities', 'top_class']);
  expect(arrays.get('embedding')!.shape).toEqual([3, 128]);
  expect(arrays.get('probabilities')!.shape).toEqual([3, 3]);
  expect(await vigil([...args, '--embedding'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--json or --out FILE.npz'),
  });
});

test('synthesize: balances a dataset, with thresholds and scores beside the rows', async () => {
  const args = ['synthesize', '--balance-to', 'largest', '--present-in', SOURCE];
  const summary = json(await vigil(['--json', ...args])) as {
    counts: { className: string; rows: string }[];
  };
  const { dataset } = await openDataset(SOURCE);
  const present = dataset.classNames.map((_, k) => dataset.labels.filter((label) => label === k).length);
  const lacking = present.flatMap((rows, k) =>
    rows < Math.max(...present)
      ? [{ className: dataset.classNames[k], rows: String(Math.max(...present) - rows) }]
      : [],
  );
  expect(lacking.length).toBeGreaterThan(0);
  expect(summary.counts).toEqual(lacking);
  const scored = await vigil([
    ...[
      'synthesize',
      '-c',
      'alert=5',
      '-c',
      'slightly_drowsy=2',
      '--min-c',
      '0.01',
      '--scores',
      'c,d_src',
      '-o',
      'scored.npz',
    ],
  ]);
  expect(scored.stdout).toMatch(
    /^5 alert, 2 slightly_drowsy: \[7, 18, 16\] by version 1\n(?:.* tried\n)*d_src: mean 0\.\d+/,
  );
  const arrays = readNpz(readFileSync(join(directory, 'scored.npz')), 'scored.npz', 2 ** 20);
  expect([...arrays.keys()].toSorted()).toEqual(['X', 'c', 'channel_names', 'class_names', 'd_src', 'y']);
  for (const c of arrays.get('c')!.data) expect(c).toBeGreaterThanOrEqual(0.01);
  expect((await loadDataset(join(directory, 'scored.npz'))).dataset.rows).toBe(7);
});

test('synthesize: flags that do not fit, and thresholds that too few rows reach', async () => {
  for (const [flags, text] of [
    [['-c', 'alert=1', '--present', 'alert=3'], 'no --balance-to'],
    [['-c', 'alert=1', '--scores', 'quality'], '--scores: found "quality"; allowed: d_src, d_cls, c'],
    [['-c', 'alert=1', '--min-c', '2'], 'Allowed: 0 to 1'],
    [[], 'counts: found no entry'],
  ] as const)
    expect(await vigil(['synthesize', ...flags])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(text),
    });
  const none = await vigil(['synthesize', '-c', 'alert=2', '--min-c', '1', '--max-tries', '1']);
  expect(none).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/alert: \d of 2 rows accepted after 2/),
  });
});

test('synthesize writes an NPZ that Vigil reads, the same for the same seed', async () => {
  const args = ['synthesize', '-c', 'alert=5', '-c', 'slightly_drowsy=70', '--seed', '3'];
  const first = await vigil([...args, '-o', 'rows.npz']);
  expect(first.stdout).toContain('5 alert, 70 slightly_drowsy: [75, 18, 16] by version 1');
  const { dataset } = await loadDataset(join(directory, 'rows.npz'));
  expect(dataset).toMatchObject({ rows: 75, channels: 18, steps: 16 });
  const second = await vigil(['--json', ...args]);
  expect(first.stdout).toContain((json(second) as { sha256: string }).sha256);
  expect(await vigil(['synthesize', '-c', 'alert'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('NAME=VALUE'),
  });
  expect(await vigil(['synthesize', '-c', 'alert=0'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('counts[0].rows: found 0'),
  });
});

test('evaluate: the test rows of the training, restored, give the very scores that the training stored', async () => {
  const stored = json(await vigil(['--json', 'evaluate'])) as { rows: string; confusion: object };
  const fresh = json(await vigil(['--json', 'evaluate', '-d', SOURCE, '--side', 'test'])) as typeof stored;
  expect(fresh.rows).toBe(stored.rows);
  expect(fresh.confusion).toEqual(stored.confusion);
  expect(fresh).toHaveProperty('groups', (stored as { groups?: object }).groups);
  const shown = await vigil(['models', 'show', 'stable']);
  expect(shown.stdout).toMatch(
    /calibrated with temperature \d+\.\d{3}: ECE \d\.\d{3} before, \d\.\d{3} after/,
  );
  expect(shown.stdout).toMatch(/1 groups: worst accuracy \d+\.\d%/);
  const all = await vigil(['evaluate', '-d', SOURCE]);
  expect(all.stderr).toContain('these rows include rows that the model was trained on');
  expect(all.stdout).toMatch(/3 groups: .*macro accuracy \d+\.\d% to \d+\.\d% \(95 % over groups\)/);
  const other = await vigil(['evaluate', '-d', 'simulated:small?rows=90&steps=16', '--side', 'test']);
  expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining("other data than the model's") });
});

test('datasets: uploaded, listed, trained on, deleted', async () => {
  const rows = Array.from({ length: 40 }, (_, i) => `${i},p${i % 8},${i % 2 ? 'x' : 'y'}`);
  const csv = [
    'clip,group,label,time,a',
    ...rows.flatMap((row, i) => [0, 1, 2].map((time) => `${row},${time},${Math.sin(i * 7 + time)}`)),
  ];
  writeFileSync(join(directory, 'My Clips.csv'), csv.join('\n'));
  writeFileSync(join(directory, 'dataset.json'), '{"steps": 8}');
  expect((await vigil(['datasets', 'upload', 'My Clips.csv'])).stdout).toContain('dataset my-clips: 40 rows');
  expect((await vigil(['datasets'])).stdout).toMatch(/my-clips +40 +1 x 8 +x 20, y 20 +8/);
  const trained = await vigil(['train', '-d', 'my-clips', '-r', 'classifier_only', '-s', 'epochs=1']);
  expect(trained).toMatchObject({ code: 0, stdout: expect.stringContaining('model version 3') });
  expect((await vigil(['datasets', 'delete', 'my-clips'])).code).toBe(0);
  expect(await vigil(['datasets', 'upload', 'nothing.npz'])).toMatchObject({
    code: 3,
    stderr: 'vigil: no dataset file nothing.npz\n',
  });
});

test('errors are one line with a documented code', async () => {
  expect(await vigil(['models', 'show', '99'])).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/^vigil: no model version or alias "99".*\n$/),
  });
  expect(await vigil(['train', '-d', 'nothing'])).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/^vigil: no dataset "nothing".*\n$/),
  });
  expect(await vigil(['train', '-d', SOURCE, '-s', 'epoch=3'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('epoch: found no such option; allowed: epochs'),
  });
  expect(await vigil(['runs', 'list', '-n', 'many'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('1 to 9999'),
  });
  expect(await vigil(['train'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--dataset') });
  const nobody = await vigil(['--address', '127.0.0.1:1', '--json', 'models']);
  expect(nobody.code).toBe(4);
  expect(JSON.parse(nobody.stderr)).toMatchObject({
    error: { reason: 'UNAVAILABLE', message: expect.stringContaining('vigil serve') },
  });
});

test('doctor says which engine was chosen and which were refused', async () => {
  const findings = json(await vigil(['--json', 'doctor'])) as { check: string; detail: string }[];
  const of = (check: string): string[] =>
    findings.filter((finding) => finding.check === check).map(({ detail }) => detail);
  expect(of('engine')).toEqual([expect.stringMatching(/^onnxruntime on cpu/)]);
  expect(of('engine refused')).toEqual([expect.stringMatching(/^tensorflow: /)]);
  expect(of('tensorflow package')).toEqual([
    expect.stringMatching(/^@tensorflow\/tfjs-node 4/),
    expect.stringMatching(/^@tensorflow\/tfjs-node-gpu 4/),
  ]);
  expect(of('server')).toEqual([expect.stringMatching(/is ready$/)]);
});

test('engine status looks; engine install knows one engine', async () => {
  const staged = json(await vigil(['--json', 'engine', 'status'])) as object[];
  expect(staged).toMatchObject([
    { package: '@tensorflow/tfjs-node', flavour: 'cpu', staged: expect.any(Boolean) },
    { package: '@tensorflow/tfjs-node-gpu', flavour: 'gpu', staged: expect.any(Boolean) },
  ]);
  expect(await vigil(['engine', 'install', 'torch'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('found engine "torch"; allowed: tensorflow'),
  });
});

test('doctor --explain-step takes a step apart: passes, operations, bound, times, profile', async () => {
  const sizes = ['--channels', '3', '--steps', '8', '--classes', '2', '--batch', '2', '--runs', '3'];
  const args = ['doctor', '--explain-step', '--step', 'classifier', ...sizes];
  const { code, stdout } = await vigil(args);
  expect(code).toBe(0);
  expect(stdout).toContain('3 x 8, 2 classes, batch 2\n');
  expect(stdout).toMatch(
    /== classifier-step\n\d+\.\d MFLOP in matrix .* at least \d+\.\d+ ms here\. A run takes/,
  );
  expect(stdout).toMatch(/KERNEL +TRACE .* IDENTITIES .* DEAD-NODES\n/);
  expect(stdout).toMatch(/\nIdentity +\d+ .* \.\n/);
  expect(stdout).toMatch(/ONNX NODE +LOWERED +AS RUN\n/);
  expect(stdout).toMatch(/TIME BY OP, PROFILED +NODES +MS A RUN +SHARE\n/);
  expect(stdout).toMatch(/COMPILING, MS +TRACE +PASSES +LOWERING +SESSION +ALL\nclassifier-step/);
  expect(stdout).toMatch(/ok {4}compiled in \d+ ms in all\n$/);
  expect(await vigil(['doctor', '--explain-step', '--batch', '0'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('an integer from 1 to 512'),
  });
});

test('doctor --explain-step --json has every figure of every step', async () => {
  const sizes = ['--channels', '3', '--steps', '8', '--classes', '2', '--batch', '2', '--runs', '2'];
  const outcome = await vigil(['--json', 'doctor', '--explain-step', ...sizes, '--convolution', 'naive']);
  const { request, explanation, compileMs } = json(outcome) as ExplainedSteps;
  expect(request).toMatchObject({ batchSize: 2, convolution: 'naive', runs: 2 });
  expect(explanation.steps.map(({ program }) => program)).toEqual([
    'discriminator-step',
    'generator-step',
    'classifier-step',
  ]);
  for (const { stages, lowered, flops, medianMs, profile } of explanation.steps) {
    const total = (nodes: Record<string, number>): number => Object.values(nodes).reduce((a, b) => a + b, 0);
    expect(total(stages.at(-1)!.nodes)).toBeLessThan(total(stages[0]!.nodes));
    expect(lowered.ConvTranspose).toBeGreaterThan(0);
    expect(flops).toBeGreaterThan(0);
    expect(medianMs).toBeGreaterThan(0);
    expect(profile.ops.length).toBeGreaterThan(5);
    expect(profile.nodes.length).toBe(profile.ops.reduce((sum, { nodes }) => sum + nodes, 0));
  }
  expect(explanation.serving).toHaveLength(9);
  expect(explanation.productRate).toBeGreaterThan(1e6);
  expect(compileMs).toBeGreaterThan(0);
}, 30_000);
