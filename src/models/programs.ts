/** Forward programs: what a trained model does, from original units to original units. */
import type { Program, Tensors } from '../tensor/engine.ts';
import { mul, reshape, softmax, type Tensor } from '../tensor/ops.ts';
import { classifierFeatures, classifierLogits, logitsOfFeatures } from './classifier.ts';
import { discriminate } from './discriminator.ts';
import { generate, generatorLayout } from './generator.ts';
import { layoutOf, type NetworkName, weightsKey } from './networks.ts';
import { cut, layoutSize, named, type Weights } from './parameters.ts';
import { asImage, type Limits, toOriginal, toScaled } from './scaling.ts';
import type { ModelSpec, SampleUnits } from './spec.ts';

/**
 * `samples` `[rows, channels, steps]` in original units to `probabilities` `[rows, classes]`, softmax(logits / temperature);
 * scaling is inside.
 */
export function classifyProgram(spec: ModelSpec, limits: Limits, rows: number, temperature = 1): Program {
  return sampleReader('classifier', 'classify', spec, limits, rows, 'original', (weights, x) => {
    const logits = classifierLogits(spec, weights, x);
    return { probabilities: softmax(temperature === 1 ? logits : mul(logits, 1 / temperature)) };
  });
}

/**
 * `samples` `[rows, channels, steps]` in original units to `features` `[rows, classifierWidth]`, C's penultimate layer:
 * the space in which real and synthetic samples are compared (paper, Figure 2).
 */
export function featuresProgram(spec: ModelSpec, limits: Limits, rows: number): Program {
  return sampleReader('classifier', 'features', spec, limits, rows, 'original', (weights, x) => ({
    features: classifierFeatures(spec, weights, x),
  }));
}

/**
 * `samples` `[rows, channels, steps]` to C's `logits` `[rows, classes]` and its penultimate layer, `embedding` `[rows,
 * classifierWidth]`: what serving runs. Probabilities of every kind are functions of the logits: `toProbabilities`.
 */
export function logitsProgram(
  spec: ModelSpec,
  limits: Limits,
  rows: number,
  units: SampleUnits = 'original',
): Program {
  return sampleReader('classifier', 'logits', spec, limits, rows, units, (weights, x) => {
    const embedding = classifierFeatures(spec, weights, x);
    return { logits: logitsOfFeatures(weights, embedding), embedding };
  });
}

/** `samples` `[rows, channels, steps]` to D's logits: `source` `[rows, 1]` of D_src and `classes` `[rows, classes]` of D_cls. */
export function discriminateProgram(
  spec: ModelSpec,
  limits: Limits,
  rows: number,
  units: SampleUnits,
): Program {
  return sampleReader('discriminator', 'discriminate', spec, limits, rows, units, (weights, x) => ({
    ...discriminate(spec, weights, x),
  }));
}

/** A forward program of one network on scaled samples. */
function sampleReader(
  network: NetworkName,
  name: string,
  spec: ModelSpec,
  limits: Limits,
  rows: number,
  units: SampleUnits,
  outputs: (weights: Weights, x: Tensor) => Tensors,
): Program {
  const layout = layoutOf(network, spec);
  const key = weightsKey(network);
  return {
    name: units === 'original' ? `${name}-${rows}` : `${name}-${units}-${rows}`,
    inputs: { samples: [rows, spec.channels, spec.steps] },
    state: { [key]: [layoutSize(layout)] },
    run: ({ samples }, state) => {
      const weights = named(layout, cut(layout, state[key]!));
      const image = asImage(samples!);
      return { outputs: outputs(weights, units === 'scaled' ? image : toScaled(limits, image)) };
    },
  };
}

/** `noise` and one-hot `labels` to `samples` `[rows, channels, steps]`, scaled or in original units. */
export function sampleProgram(spec: ModelSpec, limits: Limits, rows: number, units: SampleUnits): Program {
  const layout = generatorLayout(spec);
  const key = weightsKey('generator');
  return {
    name: `sample-${units}-${rows}`,
    inputs: { noise: [rows, spec.latentSize], labels: [rows, spec.classes] },
    state: { [key]: [layoutSize(layout)] },
    run: ({ noise, labels }, state) => {
      const scaled = generate(spec, named(layout, cut(layout, state[key]!)), noise!, labels!);
      const image = units === 'scaled' ? scaled : toOriginal(limits, scaled);
      return { outputs: { samples: reshape(image, [rows, spec.channels, spec.steps]) } };
    },
  };
}
