import { layoutOf, weightsKey } from '../models/networks.ts';
import { layoutSize } from '../models/parameters.ts';
import type { Limits } from '../models/scaling.ts';
import type { ModelSpec } from '../models/spec.ts';
import type { Engine } from '../tensor/engine.ts';
import { Sampler } from './sampler.ts';

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
