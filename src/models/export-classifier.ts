import { portableModel } from '../tensor/compile/portable-model.ts';
import type { Program } from '../tensor/engine.ts';
import { mul, softmax } from '../tensor/ops.ts';
import { classifierLayout, classifierLogits } from './classifier.ts';
import { weightsKey } from './networks.ts';
import { cut, layoutSize, named } from './parameters.ts';
import { asImage, type Limits, toScaled } from './scaling.ts';
import type { ModelSpec } from './spec.ts';

/** C as it is deployed: what it takes besides samples is part of it. */
export interface DetachedClassifier {
  readonly spec: ModelSpec;
  /** Per-channel scaling limits. */
  readonly limits: Limits;
  /** C's flat parameter vector. */
  readonly weights: Float32Array;
  /** Divides the logits; 1 where the model was not calibrated. */
  readonly temperature: number;
}

/**
 * "The classifier is detached and deployed" (paper, section 2): one ONNX file that any onnxruntime runs. `samples`
 * float32 `[batch, channels, steps]` in original units to `logits` and `probabilities`, float32 `[batch, classes]`; scaling
 * and temperature are inside, and `probabilities` is the softmax of `logits`. Errors: KERNEL_UNSUPPORTED.
 */
export function exportClassifier(
  classifier: DetachedClassifier,
  metadata: Readonly<Record<string, string>>,
): Promise<Uint8Array> {
  const values = { [weightsKey('classifier')]: classifier.weights };
  return portableModel('classifier', (rows) => detachedProgram(classifier, rows), values, metadata);
}

function detachedProgram({ spec, limits, temperature }: DetachedClassifier, rows: number): Program {
  const layout = classifierLayout(spec);
  const key = weightsKey('classifier');
  return {
    name: `detached-${rows}`,
    inputs: { samples: [rows, spec.channels, spec.steps] },
    state: { [key]: [layoutSize(layout)] },
    run: ({ samples }, state) => {
      const weights = named(layout, cut(layout, state[key]!));
      const scores = classifierLogits(spec, weights, toScaled(limits, asImage(samples!)));
      const logits = temperature === 1 ? scores : mul(scores, 1 / temperature);
      return { outputs: { logits, probabilities: softmax(logits) } };
    },
  };
}
