/** The model that everybody serves: the paper's classifier, trained for an epoch, and the same as an ONNX file. */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startChildServer } from '../../services/cli/child-server.ts';
import { withClients } from '../../services/cli/session.ts';
import type { Clients } from '../../services/client/clients.ts';
import { openSqlite } from '../../services/storage/sqlite.ts';

/** One row of the paper's blinks. */
export const CHANNELS = 18;
export const STEPS = 100;
export const CLASSES = 3;

/** Few rows: what the weights are does not change how long they take. */
const DATASET = `simulated:small?rows=60&steps=${STEPS}`;

export interface ServedModel {
  /** Vigil's data directory: versions 1, 2 and 3 are there, 1 is `stable`, 3 `candidate`. */
  readonly data: string;
  /** Where version 1 lies in it. */
  readonly bundle: string;
  /** Version 1 as a file. */
  readonly onnx: string;
  readonly classNames: readonly string[];
}

async function train({ training }: Clients, seed: number): Promise<string> {
  const { name } = await training.train({
    requestId: `bench-${seed}`,
    dataset: DATASET,
    regime: 'classifier_only',
    options: { epochs: 1, seed: BigInt(seed) },
  });
  let version = '';
  for await (const update of training.watchTraining({ name: name.replace('operations/', 'runs/') })) {
    if (update.error) throw new Error(`the training failed: ${update.error.message}`);
    version = update.modelVersion;
  }
  return version;
}

async function exportOnnx({ models }: Clients, model: string): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let expected = '';
  for await (const { event } of models.exportModel({ model })) {
    if (event.case === 'data') parts.push(event.value);
    else if (event.case === 'summary') expected = event.value.sha256;
  }
  const bytes = Buffer.concat(parts);
  if (createHash('sha256').update(bytes).digest('hex') !== expected)
    throw new Error('the exported model is not what the server hashed');
  return bytes;
}

async function bundleOf(data: string): Promise<string> {
  const store = openSqlite(data);
  try {
    return (await store.versions()).find(({ version }) => version === '1')!.directory;
  } finally {
    await store.close();
  }
}

/** Trains three versions through a server and exports the first one, all below `directory`. */
export async function prepareModel(directory: string, say: (line: string) => void): Promise<ServedModel> {
  say(`training three classifiers for an epoch on ${DATASET}`);
  const data = join(directory, 'data');
  const onnx = join(directory, 'classifier.onnx');
  const server = await startChildServer(data, join(directory, 'prepare.log'));
  let classNames: readonly string[] = [];
  try {
    await withClients(server.address, async (clients) => {
      const version = await train(clients, 1);
      await train(clients, 2);
      // `candidate` stays at the last one: neither of the two that are swapped is held in memory by it.
      await train(clients, 3);
      await clients.models.setAlias({ alias: 'stable', version });
      const { version: made } = await clients.models.getModelVersion({ model: version });
      await writeFile(onnx, await exportOnnx(clients, version));
      classNames = made!.classNames;
    });
  } finally {
    await server.stop();
  }
  return { data, bundle: await bundleOf(data), onnx, classNames };
}
