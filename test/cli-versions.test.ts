/** Canaries, shadows and deletion on the command line. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Outcome, runVigil } from './support/cli.ts';
import { startServer, type TestServer, trainToEnd } from './support/server.ts';

const directory = mkdtempSync(join(tmpdir(), 'vigil-cli-'));
let server: TestServer;
const models = (...args: string[]): Promise<Outcome> => runVigil(directory, server, ['models', ...args]);

beforeAll(async () => {
  server = await startServer();
  for (const requestId of ['1', '2', '3'])
    await trainToEnd(server, {
      requestId,
      dataset: 'simulated:small?rows=60&steps=16',
      regime: 'classifier_only',
      options: { epochs: 1, seed: BigInt(requestId) },
    });
  await server.models.setAlias({ alias: 'stable', version: '1' });
}, 120_000);

afterAll(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true });
});

test('a canary begins, is listed, keeps its version and ends', async () => {
  const begun = await models('canary', 'stable', '--to', '2', '--share', '0.1');
  expect(begun).toMatchObject({ code: 0, stdout: 'canary of stable, 10.0%: version 2\n' });
  expect((await models('list')).stdout).toMatch(/\n2 +stable:canary 10\.0% /);
  expect(await models('delete', '2')).toMatchObject({ stderr: expect.stringContaining('canary of stable') });
  const ended = await models('canary', 'stable', '--clear');
  expect(ended).toMatchObject({ code: 0, stdout: 'ended: canary of stable, 10.0%: version 2\n' });
  expect((await models('shadow', 'stable', '--clear')).stdout).toBe('stable has no shadow\n');
  expect((await models('delete', '2')).code).toBe(0);
  expect((await models('show', '2')).code).toBe(3);
});

test.each([
  [['--to', '2'], 'give --to and --share'],
  [['--clear', '--share', '0.1'], 'give --to and --share'],
  [['--to', '2', '--share', '2'], 'above 0, at most 1'],
])('a canary with %j is wrong usage', async (flags, message) => {
  expect(await models('canary', 'stable', ...flags)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(message),
  });
});
