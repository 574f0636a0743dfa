/** Forward programs: what a trained model does, from original units to original units. */
import type { Program, Tensors } from '../tensor/engine.ts';
import { mul, reshape, softmax, type Tensor } from '../tensor/ops.ts';
import { classifierFeatures, classifierLayout, classifierLogits } from './classifier.ts';
import { generate, generatorLayout } from './generator.ts';
import { weightsKey } from './networks.ts';
import { cut, layoutSize, named, type Weights } from './parameters.ts';
import { asImage, type Limits, toOriginal, toScaled } from './scaling.ts';
import type { ModelSpec } from './spec.ts';

/**
 * `samples` `[rows, channels, steps]` in original units to `probabilities` `[rows, classes]`, softmax(logits / temperature);
 * scaling is inside.
 */
export function classifyProgram(spec: ModelSpec, limits: Limits, rows: number, temperature = 1): Program {
  return classifierProgram('classify', spec, limits, rows, (weights, x) => {
    const logits = classifierLogits(spec, weights, x);
    return { probabilities: softmax(temperature === 1 ? logits : mul(logits, 1 / temperature)) };
  });
}

/**
 * `samples` `[rows, channels, steps]` in original units to `features` `[rows, classifierWidth]`, C's penultimate layer:
 * the space in which real and synthetic samples are compared (paper, Figure 2).
 */
export function featuresProgram(spec: ModelSpec, limits: Limits, rows: number): Program {
  return classifierProgram('features', spec, limits, rows, (weights, x) => ({
    features: classifierFeatures(spec, weights, x),
  }));
}

/** A forward program of C on scaled samples. */
function classifierProgram(
  name: string,
  spec: ModelSpec,
  limits: Limits,
  rows: number,
  outputs: (weights: Weights, x: Tensor) => Tensors,
): Program {
  const layout = classifierLayout(spec);
  const key = weightsKey('classifier');
  return {
    name: `${name}-${rows}`,
    inputs: { samples: [rows, spec.channels, spec.steps] },
    state: { [key]: [layoutSize(layout)] },
    run: ({ samples }, state) => {
      const weights = named(layout, cut(layout, state[key]!));
      return { outputs: outputs(weights, toScaled(limits, asImage(samples!))) };
    },
  };
}

/** `noise` and one-hot `labels` to `samples` `[rows, channels, steps]`, scaled or in original units. */
export function sampleProgram(
  spec: ModelSpec,
  limits: Limits,
  rows: number,
  units: 'original' | 'scaled',
): Program {
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
