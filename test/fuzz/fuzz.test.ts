/**
 * Whatever is sent to whatever method: no crash, no INTERNAL, no growth, and the server answers afterwards as before.
 * VIGIL_FUZZ_MESSAGES and VIGIL_FUZZ_SEED make it longer or other; VIGIL_FUZZ_LOG is a file for what was answered.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ServerProcess, spawnServer } from '../support/process.ts';
import { rawOf, trainToEnd } from '../support/server.ts';
import { type CampaignReport, Endings, runCampaign } from './campaign.ts';
import { servedMethods } from './served-methods.ts';

const MESSAGES = Number(process.env.VIGIL_FUZZ_MESSAGES ?? 3000);
const SEED = Number(process.env.VIGIL_FUZZ_SEED ?? 1);
/** What a server of this size gains by chance between two collections of garbage. */
const NOISE_BYTES = 48 * 2 ** 20;

let server: ServerProcess;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'vigil-fuzz-'));
  const settings = {
    VIGIL_LOG_LEVEL: 'info',
    VIGIL_MAX_QUEUED_RUNS: '2',
    NODE_OPTIONS: '--max-old-space-size=512',
  };
  server = await spawnServer(directory, settings);
  const version = await trainToEnd(server, {
    requestId: 'seed',
    dataset: 'simulated:small?rows=60&steps=16',
    regime: 'joint_scratch',
    options: { epochs: 1, latentSize: 8 },
  });
  await server.models.setAlias({ alias: 'stable', version });
}, 120_000);

afterAll(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const classified = () =>
  server.classifier.classify({
    model: '1',
    samples: { shape: [1n, 18n, 16n], data: { case: 'raw', value: rawOf(new Float32Array(288).fill(0.5)) } },
  });

async function residentBytes(): Promise<number> {
  const text = await (await fetch(`${server.ops}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)![1]);
}

test(
  `${MESSAGES} mutated messages over every method`,
  async () => {
    const before = await classified();
    const methods = await servedMethods(server.connection);
    expect(methods.length).toBeGreaterThan(20);
    const client = new Client(server.address, credentials.createInsecure());
    const { runs } = await server.training.listRuns({});
    const names = runs.flatMap(({ name }) => [name, name.replace('runs/', 'operations/')]);
    const common = { client, methods, names, seed: SEED };
    const half = Math.floor(MESSAGES / 2);
    const first = await runCampaign({ ...common, from: 0, to: half });
    const warm = await residentBytes();
    const second = await runCampaign({ ...common, from: half, to: MESSAGES });
    const grown = (await residentBytes()) - warm;
    client.close();
    if (process.env.VIGIL_FUZZ_LOG) writeFileSync(process.env.VIGIL_FUZZ_LOG, logOf([first, second], grown));
    expect([...first.findings, ...second.findings]).toEqual([]);
    expect(first.messages + second.messages).toBe(MESSAGES);
    expect(server.child.exitCode).toBeNull();
    expect(server.lines.filter(({ level }) => Number(level) >= 50)).toEqual([]);
    expect(grown).toBeLessThan(NOISE_BYTES);
    expect(await classified()).toEqual(before);
  },
  60_000 + MESSAGES * 10,
);

function logOf(reports: readonly CampaignReport[], grown: number): string {
  const endings = new Endings();
  for (const report of reports)
    for (const [method, codes] of Object.entries(report.endings))
      for (const [code, calls] of Object.entries(codes)) endings.add(method, code, calls);
  const messages = reports.reduce((sum, report) => sum + report.messages, 0);
  const findings = reports.flatMap((report) => report.findings);
  return `${JSON.stringify({ seed: SEED, messages, grownBytes: grown, findings, endings: endings.counts }, null, 2)}\n`;
}
