/** Three servers behind one address; one is killed under load. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createVigilClient } from '../services/client/vigil-client.ts';
import { type ServerProcess, spawnServer } from './support/process.ts';
import { startServer, trainToEnd } from './support/server.ts';

const root = mkdtempSync(join(tmpdir(), 'vigil-failover-'));
let servers: ServerProcess[] = [];

beforeAll(async () => {
  const first = join(root, '0');
  const trainer = await startServer({}, first);
  try {
    const dataset = 'simulated:small?rows=60&steps=16';
    const options = { epochs: 1, latentSize: 8 };
    const version = await trainToEnd(trainer, { requestId: 'a', dataset, regime: 'joint_scratch', options });
    await trainer.models.setAlias({ alias: 'stable', version });
  } finally {
    await trainer.stop();
  }
  for (const name of ['1', '2']) cpSync(first, join(root, name), { recursive: true });
  const settings = { VIGIL_ENGINE_TRAINER: 'shared' };
  servers = await Promise.all(['0', '1', '2'].map((name) => spawnServer(join(root, name), settings)));
}, 180_000);

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(root, { recursive: true, force: true });
});

async function classified({ ops }: ServerProcess): Promise<number> {
  const text = await (await fetch(`${ops}/metrics`)).text();
  const line =
    /^rpc_server_call_duration_seconds_count\{rpc_method="vigil.v1.ClassifierService\/Classify",rpc_status_code="OK"\} (\d+)/m;
  return Number(line.exec(text)?.[1] ?? 0);
}

test('calls take turns over three servers, and none fails when one of them is killed', async () => {
  const ports = servers.map(({ lines }) => lines.find(({ msg }) => msg === 'serving')!.grpc);
  const address = `ipv4:${ports.map((port) => `127.0.0.1:${String(port)}`).join(',')}`;
  await using client = createVigilClient({ address });
  const request = { shape: [18, 16], values: new Float32Array(18 * 16) };
  let asked = 0;
  const [atKill, enough] = [150, 600];
  const caller = async (): Promise<void> => {
    while (asked < enough) {
      asked += 1;
      if (asked === atKill) servers[0]!.child.kill('SIGKILL');
      await client.classify(request);
    }
  };
  // Connected to all three before it begins, so that the turns can be counted.
  for (let call = 0; call < 60; call += 1) await client.classify(request);
  const before = await Promise.all(servers.map(classified));
  for (const count of before) expect(count).toBeGreaterThan(0);
  await Promise.all(Array.from({ length: 8 }, caller));
  await servers[0]!.exited;
  const after = await Promise.all(servers.slice(1).map(classified));
  after.forEach((count, at) => {
    expect(count - before[at + 1]!).toBeGreaterThan((enough - atKill) / 4);
  });
}, 120_000);
