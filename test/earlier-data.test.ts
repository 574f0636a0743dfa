/** A server on a data directory that an earlier version, or one that was stopped half-way, has left. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rawOf, startServer, type TestServer, trainToEnd } from './support/server.ts';

const ROWS = 300;
const directory = mkdtempSync(join(tmpdir(), 'vigil-earlier-'));
let server: TestServer | undefined;

const samples = {
  shape: [BigInt(ROWS), 18n, 16n],
  data: { case: 'raw' as const, value: rawOf(Array.from({ length: ROWS * 288 }, (_, i) => Math.sin(i))) },
};
const metrics = async (): Promise<string> => (await fetch(`${server!.ops}/metrics`)).text();

/** Changes the database while no server holds it. */
async function restartAfter(change: (database: DatabaseSync) => void): Promise<void> {
  await server!.stop();
  const database = new DatabaseSync(join(directory, 'vigil.sqlite'));
  change(database);
  database.close();
  server = await startServer({}, directory);
}

beforeAll(async () => {
  server = await startServer({}, directory);
  for (const seed of [1n, 2n])
    await trainToEnd(server, {
      requestId: String(seed),
      dataset: 'simulated:small?rows=60&steps=16',
      regime: 'classifier_only',
      options: { epochs: 1, seed },
    });
  await server.models.setAlias({ alias: 'stable', version: '1' });
}, 60_000);

afterAll(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true });
});

test('a version from before drift was watched serves, and has no drift to show', async () => {
  await server!.classifier.classify({ samples });
  expect(await metrics()).toContain('vigil_input_drift_psi{alias="stable"');
  await restartAfter((database) => {
    const { changes } = database
      .prepare(`UPDATE versions SET manifest = json_remove(manifest, '$.drift') WHERE version = 1`)
      .run();
    expect(changes).toBe(1);
  });
  const answer = await server!.classifier.classify({ samples });
  expect(answer.predictions).toHaveLength(ROWS);
  const text = await metrics();
  expect(text).toContain('vigil_predictions_total{');
  expect(text).not.toMatch(/^vigil_(input_drift_psi|input_out_of_range_ratio|prediction_drift_psi)\{/m);
});

test('files of a version whose deletion was cut short go at the next start', async () => {
  const { version } = await server!.models.getModelVersion({ model: '2' });
  const bundle = join(directory, 'models', version!.lineage!.run.replace('runs/', ''));
  await server!.models.setAlias({ alias: 'candidate', version: '1' });
  expect(existsSync(bundle)).toBe(true);
  await restartAfter((database) => {
    database.exec('UPDATE versions SET delete_time = 1 WHERE version = 2');
  });
  expect(existsSync(bundle)).toBe(false);
  const { versions } = await server!.models.listModelVersions({});
  expect(versions.map((each) => each.version)).toEqual(['1']);
  expect((await server!.classifier.classify({ samples })).modelVersion).toBe('1');
});
