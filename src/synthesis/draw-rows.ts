import { layoutOf, weightsKey } from '../models/networks.ts';
import { layoutSize } from '../models/parameters.ts';
import type { Limits } from '../models/scaling.ts';
import type { ModelSpec } from '../models/spec.ts';
import type { Engine } from '../tensor/engine.ts';
import { Sampler } from './sampler.ts';

/** Rows of every class that are looked at for copies of test rows. */
const PROBED_ROWS = 256;

/** The rows that stand for a generator when copies of test rows are looked for; undefined without one. */
export async function probeGenerator(
  engine: Engine,
  spec: ModelSpec,
  limits: Limits,
  weights: Float32Array | undefined,
  seed: number,
): Promise<Float32Array | undefined> {
  return weights && drawRows(engine, spec, limits, weights, { seed, perClass: PROBED_ROWS });
}

/** `perClass` rows of every class from a generator's flat weights, class after class, scaled: `[classes * perClass, size]`. */
export async function drawRows(
  engine: Engine,
  spec: ModelSpec,
  limits: Limits,
  weights: Float32Array,
  { seed, perClass }: { seed: number; perClass: number },
): Promise<Float32Array> {
  const key = weightsKey('generator');
  const state = engine.createState({ [key]: [layoutSize(layoutOf('generator', spec))] }, { [key]: weights });
  const sampler = new Sampler(engine, spec, limits, state);
  const size = spec.channels * spec.steps;
  const out = new Float32Array(spec.classes * perClass * size);
  try {
    for (let label = 0; label < spec.classes; label++)
      out.set(await sampler.sample(label, seed, 0, perClass, 'scaled'), label * perClass * size);
  } finally {
    await sampler.dispose();
    state.dispose();
  }
  return out;
}
