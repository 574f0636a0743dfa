/** The service on the tensorflow engine, and models that move between engines. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { ValueUnits } from '../../services/gen/vigil/v1/synthesize_pb.ts';
import { RunState } from '../../services/gen/vigil/v1/train_pb.ts';
import { engineTest, REAL_ENGINES } from '../support/engines.ts';
import { type ServerProcess, spawnServer } from '../support/process.ts';
import { rawOf, trainToEnd } from '../support/server.ts';

let directory: string;
let server: ServerProcess | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vigil-engines-'));
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  rmSync(directory, { recursive: true, force: true });
});

const request = {
  dataset: 'simulated:small?rows=60&steps=16',
  regime: 'joint_scratch',
  options: { epochs: 3, latentSize: 8, seed: 5n },
};
const ROWS = 9;
const samples = {
  shape: [BigInt(ROWS), 18n, 16n],
  data: {
    case: 'raw' as const,
    value: rawOf(Array.from({ length: ROWS * 18 * 16 }, (_, i) => Math.sin(i))),
  },
};
const tensorflow = REAL_ENGINES.find(({ name }) => name === 'tensorflow')!;

/** What a server answers with version 1: probabilities, and rows that it synthesises, in [-1, 1]. */
async function answersOf({ classifier, synthesizer }: ServerProcess): Promise<Float32Array[]> {
  const { predictions } = await classifier.classify({ samples, model: '1' });
  const probabilities = predictions.flatMap((each) =>
    each.probabilities.map(({ probability }) => probability),
  );
  const rows: number[] = [];
  const counts = [{ className: 'alert', rows: 5n }];
  const units = ValueUnits.SCALED;
  for await (const { event } of synthesizer.synthesize({ model: '1', counts, seed: 3n, units })) {
    if (event.case !== 'chunk') continue;
    const bytes = event.value.samples!.data.value as Uint8Array;
    rows.push(...new Float32Array(Uint8Array.from(bytes).buffer));
  }
  return [Float32Array.from(probabilities), Float32Array.from(rows)];
}

for (const [trains, serves] of [
  ['tensorflow', 'onnxruntime'],
  ['onnxruntime', 'tensorflow'],
] as const) {
  engineTest(tensorflow, `what ${trains} trained, ${serves} serves alike`, async () => {
    server = await spawnServer(directory, { VIGIL_ENGINE: trains });
    expect(await trainToEnd(server, { ...request, requestId: 'a' })).toBe('1');
    const { version } = await server.models.getModelVersion({ model: '1' });
    expect(version?.lineage?.engine).toBe(trains);
    const wanted = await answersOf(server);
    await server.stop();
    server = await spawnServer(directory, { VIGIL_ENGINE: serves });
    const found = await answersOf(server);
    expect(wanted.map(({ length }) => length)).toEqual([3 * ROWS, 5 * 18 * 16]);
    found.forEach((values, i) => {
      // Probabilities and scaled rows are at most 1: float32 in another order of summation, through ten layers.
      values.forEach((value, k) => {
        expect(Math.abs(value - wanted[i]![k]!)).toBeLessThan(1e-5);
      });
    });
  });
}

engineTest(tensorflow, 'the choice is in the log, the metrics, the readiness and the lineage', async () => {
  server = await spawnServer(directory, { VIGIL_ENGINE: 'tensorflow', VIGIL_ENGINE_DEVICE: 'cpu' });
  const chosen = { engine: 'tensorflow', device: 'cpu', refused: [] };
  expect(await server.line(({ msg }) => msg === 'engine ready')).toMatchObject(chosen);
  expect(await server.line(({ msg }) => msg === 'serving')).toMatchObject({
    engine: 'tensorflow',
    device: 'cpu',
  });
  const metrics = await (await fetch(`${server.ops}/metrics`)).text();
  expect(metrics).toContain('vigil_engine_up{engine="tensorflow",device="cpu",role="serve"} 1');
  const readiness = (await (await fetch(`${server.ops}/readyz`)).json()) as object;
  expect(readiness).toMatchObject({
    engines: [
      { role: 'serve', version: expect.stringContaining('TensorFlow 2'), ...chosen },
      { role: 'train', ...chosen },
    ],
  });
});

engineTest(tensorflow, 'kill -9 of the trainer in a step: the run goes on to the very result', async () => {
  server = await spawnServer(directory, { VIGIL_ENGINE: 'tensorflow' });
  const long = { ...request, options: { ...request.options, epochs: 8 } };
  const finish = async (requestId: string, onCheckpoint: () => Promise<void>): Promise<unknown> => {
    const { name } = await server!.training.train({ ...long, requestId });
    const run = name.replace('operations/', 'runs/');
    let disturbed = false;
    for await (const { progress, error } of server!.training.watchTraining({ name: run })) {
      expect(error).toBeUndefined();
      if (disturbed || (progress?.checkpointEpoch ?? 0) < 2) continue;
      disturbed = true;
      await onCheckpoint();
    }
    const answer = await server!.training.getRun({ name: run });
    expect(answer.run?.state).toBe(RunState.SUCCEEDED);
    return answer.run?.evaluation;
  };
  const wanted = await finish('undisturbed', async () => {});
  const { pid } = await server.line(({ msg, role }) => msg === 'engine ready' && role === 'train');
  const found = await finish('killed', async () => {
    process.kill(Number(pid), 'SIGKILL');
    await server!.line(({ msg, role }) => msg === 'engine went away' && role === 'train');
  });
  expect(found).toEqual(wanted);
});
