import { create, toBinary } from '@bufbuild/protobuf';
import type { Clients } from '../../services/client/clients.ts';
import { ClassifyRequestSchema } from '../../services/gen/vigil/v1/classify_pb.ts';

const CHANNELS = 18;
const STEPS = 16;

/** Two small versions, the first of them stable; returns an encoded ClassifyRequest that they answer. */
export async function prepare({ training, models }: Clients): Promise<Buffer> {
  for (const seed of [1n, 2n]) {
    const { name } = await training.train({
      requestId: `faults-prepare-${seed}`,
      dataset: `simulated:small?seed=1&rows=80&steps=${STEPS}`,
      regime: 'classifier_only',
      options: { epochs: 1, seed },
    });
    let version = '';
    for await (const update of training.watchTraining({ name: name.replace('operations/', 'runs/') }))
      version = update.modelVersion;
    if (seed === 1n) await models.setAlias({ alias: 'stable', version });
  }
  const values = Float32Array.from({ length: CHANNELS * STEPS }, (_, at) => Math.sin(at));
  const samples = {
    shape: [1n, BigInt(CHANNELS), BigInt(STEPS)],
    data: { case: 'raw' as const, value: new Uint8Array(values.buffer) },
  };
  return Buffer.from(
    toBinary(ClassifyRequestSchema, create(ClassifyRequestSchema, { model: 'stable', samples })),
  );
}
