/** Promoting and exporting on the command line: the gate's numbers, the history, whole files. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { json, type Outcome, runVigil } from './support/cli.ts';
import { startServer, type TestServer, trainToEnd } from './support/server.ts';

const directory = mkdtempSync(join(tmpdir(), 'vigil-cli-'));
let server: TestServer;
const vigil = (args: string[]): Promise<Outcome> => runVigil(directory, server, args);

const SOURCE = 'simulated:small?rows=60&steps=16';

beforeAll(async () => {
  server = await startServer();
  for (const requestId of ['1', '2'])
    await trainToEnd(server, {
      requestId,
      dataset: SOURCE,
      regime: 'classifier_only',
      options: { epochs: 1, seed: BigInt(requestId) },
    });
  await server.models.setAlias({ alias: 'stable', version: '1' });
}, 120_000);

afterAll(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true });
});

test('a refused promotion shows the numbers; force is kept with its reason', async () => {
  const worse = ['-r', 'classifier_only', '-s', 'epochs=1', '-s', 'classifierLearningRate=1e-9'];
  const trained = await vigil(['train', '-d', SOURCE, ...worse, '-s', 'seed=5', '--promote']);
  expect(trained.code).toBe(0);
  expect(trained.stdout).toMatch(
    /gate: version 3 is (not )?worse than stable version 1 on \d+ held-out rows/,
  );
  expect(trained.stdout).toMatch(
    /macro AUC +[01]\.\d{3} +[01]\.\d{3} +-?0\.\d{3} +-?[01]\.\d{3} to -?[01]\.\d{3}\n/,
  );
  const run = /(runs\/\S+)/.exec(trained.stderr)![1]!;
  expect((await vigil(['runs', 'show', run])).stdout).toMatch(/\ngate: version 3 is/);
  expect(await vigil(['models', 'promote', '2', '--force'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('reason: found nothing'),
  });
  expect((await vigil(['models', 'promote', '2', '--force', '--reason', 'a drill'])).code).toBe(0);
  expect((await vigil(['models', 'promote', '1'])).stdout).toContain(
    'gate: version 1 has been stable before',
  );
  const { stdout } = await vigil(['models', 'history', '-a', 'stable']);
  const lines = stdout.trim().split('\n').slice(1);
  expect(lines[0]).toMatch(/stable +1 +2 +rollback/);
  expect(lines[1]).toMatch(/stable +2 +\d +.* a drill$/);
  expect(lines.at(-1)).toMatch(/stable +1 +- +first version/);
});

test('models export writes the whole file or none', async () => {
  const { code, stdout } = await vigil(['models', 'export', 'stable', '--out', 'model.onnx']);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^version 1 in model\.onnx: \d+ bytes, sha256 [0-9a-f]{64}\nchecked: \d+ rows in onnxruntime/,
  );
  const file = readFileSync(join(directory, 'model.onnx'));
  expect(stdout).toContain(`${file.length} bytes`);
  expect(stdout).toContain(createHash('sha256').update(file).digest('hex'));
  const again = json(await vigil(['--json', 'models', 'export', '1', '-o', 'again.onnx']));
  expect(again).toMatchObject({ modelVersion: '1', size: String(file.length) });
  expect(readFileSync(join(directory, 'again.onnx')).equals(file)).toBe(true);
  expect(await vigil(['models', 'export', '1', '-o', 'model.bin'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('ends in .onnx'),
  });
  expect((await vigil(['models', 'export', '1', '-o', join('nowhere', 'model.onnx')])).code).toBe(1);
  expect(readdirSync(directory).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});
