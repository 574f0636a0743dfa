/** Who may call what, over a real socket: tokens, scopes, the audit log, and the command line that carries a token. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Connection } from '../services/client/client.ts';
import { type Clients, clientsOf } from '../services/client/clients.ts';
import { toCallCredentials } from '../services/client/credentials.ts';
import { SCOPES } from '../services/security/scopes.ts';
import { json, runVigil } from './support/cli.ts';
import { startServer, type TestServer } from './support/server.ts';

let server: TestServer;
let directory: string;
const connections: Connection[] = [];
const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');
const tokensFile = (): string => join(directory, 'tokens.json');
const writeTokens = (tokens: Readonly<Record<string, readonly string[]>>): void => {
  const entries = Object.entries(tokens).map(([name, scopes]) => ({
    name,
    sha256: hashOf(`${name}-token`),
    scopes,
  }));
  writeFileSync(tokensFile(), JSON.stringify(entries));
};
const ONE_EACH = { ...Object.fromEntries(SCOPES.map((scope) => [scope, [scope]])), guest: [] };

function as(name: string): Clients {
  const address = `127.0.0.1:${server.app.grpcPort}`;
  const call = toCallCredentials(address, { token: `${name}-token` })!;
  const connection = new Connection(address, { call });
  connections.push(connection);
  return clientsOf(connection);
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'vigil-access-'));
  writeTokens(ONE_EACH);
  server = await startServer({
    VIGIL_TOKENS_FILE: tokensFile(),
    VIGIL_CREDENTIALS_REFRESH_MS: '50',
  });
}, 60_000);

afterAll(async () => {
  for (const connection of connections) connection.close();
  await server?.stop();
  rmSync(directory, { recursive: true });
});

const drain = async (answers: AsyncIterable<unknown>): Promise<void> => {
  for await (const _ of answers);
};

/** What needs which scope; each call fails later, for a reason of its own, when it is let in. */
const CALLS: readonly [string, string, (clients: Clients) => Promise<unknown>][] = [
  ['Classify', 'classify', ({ classifier }) => classifier.classify({})],
  ['ListModelVersions', 'classify', ({ models }) => models.listModelVersions({})],
  ['Synthesize', 'synthesize', ({ synthesizer }) => drain(synthesizer.synthesize({}))],
  ['Train', 'train', ({ training }) => training.train({ dataset: '' })],
  ['ListRuns', 'train', ({ training }) => training.listRuns({})],
  ['CancelOperation', 'train', ({ operations }) => operations.cancelOperation({ name: 'operations/none' })],
  ['UploadDataset', 'train', ({ datasets }) => datasets.uploadDataset([{}])],
  ['DeleteDataset', 'admin', ({ datasets }) => datasets.deleteDataset({ name: 'none' })],
  ['DeleteOperation', 'admin', ({ operations }) => operations.deleteOperation({ name: 'operations/none' })],
  ['SetAlias', 'admin', ({ models }) => models.setAlias({ alias: 'stable', version: '99' })],
  ['ExportModel', 'admin', ({ models }) => drain(models.exportModel({ model: '99' }))],
  ['ListAuditEntries', 'admin', ({ audit }) => audit.listAuditEntries({})],
];

test.each(CALLS)('%s needs the scope %s, and no other gives it', async (_, needed, call) => {
  for (const name of [...SCOPES, 'guest']) {
    const error = await call(as(name)).then(
      () => undefined,
      (failure: { status: string; metadata: Record<string, string> }) => failure,
    );
    if (name === needed) expect(error?.status).not.toBe('PERMISSION_DENIED');
    else expect(error).toMatchObject({ status: 'PERMISSION_DENIED', metadata: { scope: needed } });
    expect(error?.status).not.toBe('UNAUTHENTICATED');
    expect(error?.status).not.toBe('INTERNAL');
  }
  const anonymous = await call(server).catch((error: unknown) => error);
  expect(anonymous).toMatchObject({ status: 'UNAUTHENTICATED', reason: 'UNAUTHENTICATED' });
});

test('probes need no token', async () => {
  expect((await server.health.check({ service: 'liveness' })).status).toBe(1);
  expect((await fetch(`${server.ops}/livez`)).status).toBe(200);
});

test('the audit log has who trained and who was refused, by name, in pages', async () => {
  const { name } = await as('train').training.train({
    dataset: 'simulated:small?rows=60&steps=16',
    regime: 'classifier_only',
    options: { epochs: 1 },
    requestId: 'audited',
  });
  await as('train').operations.waitOperation({ name });
  await as('admin').operations.deleteOperation({ name });
  const { audit } = as('admin');
  const { entries } = await audit.listAuditEntries({ pageSize: 2 });
  expect(entries).toMatchObject([
    { principal: 'token:admin', action: 'DeleteOperation', subject: name },
    { principal: 'token:train', action: 'Train' },
  ]);
  const mine = await audit.listAuditEntries({ principal: 'token:guest', pageSize: 1 });
  expect(mine.entries).toMatchObject([
    { principal: 'token:guest', action: 'Denied', detail: expect.stringContaining('needs the scope') },
  ]);
  const next = await audit.listAuditEntries({
    principal: 'token:guest',
    pageSize: 1,
    pageToken: mine.nextPageToken,
  });
  expect(next.entries).toHaveLength(1);
  expect(next.entries[0]!.subject).not.toBe(mine.entries[0]!.subject);
}, 30_000);

test('whoever is refused in a loop is in the audit log once a minute', async () => {
  const refusals = async (): Promise<number> => {
    const { entries } = await as('admin').audit.listAuditEntries({
      principal: 'token:classify',
      pageSize: 1000,
    });
    return entries.filter(({ subject }) => subject.endsWith('/ListRuns')).length;
  };
  expect(await refusals()).toBe(1);
  for (let i = 0; i < 5; i++)
    await expect(as('classify').training.listRuns({})).rejects.toThrow(/scope train/);
  expect(await refusals()).toBe(1);
});

test('a token that is taken out of the file, or put into it, counts without a restart', async () => {
  const status = (name: string) =>
    as(name)
      .models.listModelVersions({})
      .then(
        () => 'OK',
        (error: { status: string }) => error.status,
      );
  expect(await status('late')).toBe('UNAUTHENTICATED');
  writeTokens({ ...ONE_EACH, late: ['classify'] });
  await expect.poll(() => status('late')).toBe('OK');
  writeFileSync(tokensFile(), '[{"name":');
  expect(await status('late')).toBe('OK');
  writeTokens(ONE_EACH);
  await expect.poll(() => status('late')).toBe('UNAUTHENTICATED');
});

test('the command line carries a token, shows the audit log and never prints the token', async () => {
  const listed = await runVigil(directory, server, [
    '--token',
    'admin-token',
    '--json',
    'audit',
    '-p',
    'token:train',
    '-n',
    '1',
  ]);
  expect(listed.code).toBe(0);
  expect(json(listed)).toMatchObject({ entries: [{ principal: 'token:train' }] });
  const refused = await runVigil(directory, server, ['--token', 'guest-token', 'audit']);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('needs the scope admin') });
  const wrong = await runVigil(directory, server, ['--token', 'wr0ng', 'audit']);
  expect(wrong.stderr).toContain('authorization: found a token that is not known');
  const far = await runVigil(directory, undefined, [
    '--address',
    'example.org:1',
    '--token',
    'admin-token',
    'audit',
  ]);
  expect(far).toMatchObject({ code: 2, stderr: expect.stringContaining('no TLS on the way') });
  for (const { stdout, stderr } of [listed, refused, wrong, far])
    expect(stdout + stderr).not.toMatch(/admin-token|guest-token|wr0ng/);
}, 30_000);
