import { afterAll, beforeAll, expect, test } from 'vitest';
import { fillUniform, randomKey } from '../random.ts';
import { type Arrays, type Engine, sizeOf } from '../tensor/engine.ts';
import { openReference } from '../tensor/reference/engine.ts';
import { classifierLayout, classifierWidth } from './classifier.ts';
import { weightsKey } from './networks.ts';
import { initialWeights, layoutSize, nameArrays } from './parameters.ts';
import { classifyProgram, featuresProgram } from './programs.ts';
import { CLASSIFIER_ARCHITECTURES, type ClassifierArchitecture, type ModelSpec } from './spec.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openReference();
});
afterAll(() => engine.dispose());

function specOf(classifierArchitecture: ClassifierArchitecture, channels = 3, steps = 9): ModelSpec {
  const networks = { latentSize: 8, kernelHeight: 'paper', generatorArchitecture: 'paper' } as const;
  return { channels, steps, classes: 3, ...networks, classifierArchitecture };
}

/** Initial weights with biases and gains that are not 0, so that every parameter counts. */
function weightsOf(spec: ModelSpec): Float32Array {
  const noise = fillUniform(randomKey(5, 'noise'), new Float32Array(layoutSize(classifierLayout(spec))));
  return initialWeights(classifierLayout(spec), 3, 'classifier').map((w, i) => w + 0.2 * (noise[i]! - 0.5));
}

const samplesOf = ({ channels, steps }: ModelSpec, rows: number): Float32Array =>
  fillUniform(randomKey(1, 'samples'), new Float32Array(rows * channels * steps)).map((u) => 2 * u - 1);

/** The program's outputs; limits of -1 and 1 leave samples as they are. */
async function run(
  make: typeof classifyProgram,
  spec: ModelSpec,
  samples: Float32Array,
  weights = weightsOf(spec),
): Promise<Arrays> {
  const limits = { low: Array(spec.channels).fill(-1), high: Array(spec.channels).fill(1) };
  const program = make(spec, limits, samples.length / (spec.channels * spec.steps));
  const state = engine.createState(program.state, { [weightsKey('classifier')]: weights });
  const executable = await engine.compile(program, state);
  try {
    return await executable.run({ samples });
  } finally {
    await executable.dispose();
    state.dispose();
  }
}

test.each(CLASSIFIER_ARCHITECTURES)(
  '%s: the probabilities are the last layer of the features',
  async (name) => {
    const spec = specOf(name);
    const weights = weightsOf(spec);
    const samples = samplesOf(spec, 2);
    const { features } = await run(featuresProgram, spec, samples, weights);
    const { probabilities } = await run(classifyProgram, spec, samples, weights);
    const width = classifierWidth(spec);
    expect(features).toHaveLength(2 * width);
    const named = new Map(
      nameArrays(classifierLayout(spec), weights).map(({ name, values }) => [name, values]),
    );
    const [kernel, bias] = [named.get('dense/kernel')!, named.get('dense/bias')!];
    for (const row of [0, 1]) {
      const logits = Array.from(bias, (start, k) =>
        features!
          .subarray(row * width, (row + 1) * width)
          .reduce((sum, value, i) => sum + value * kernel[i * 3 + k]!, start),
      );
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
      // Float32 against float64 over some hundred features.
      for (const k of [0, 1, 2])
        expect(probabilities![row * 3 + k]).toBeCloseTo(Math.exp(logits[k]!) / total, 5);
    }
  },
);

test.each(CLASSIFIER_ARCHITECTURES)('%s: a row alone has the features it has in a batch', async (name) => {
  const spec = specOf(name);
  const samples = samplesOf(spec, 4);
  const { features: together } = await run(featuresProgram, spec, samples);
  const { features: alone } = await run(featuresProgram, spec, samples.subarray(2 * 27, 3 * 27));
  const width = classifierWidth(spec);
  expect(alone).toEqual(together!.subarray(2 * width, 3 * width));
});

// The paper's kernels of 3 rows depend on it.
test.each(['residual', 'statistics'] as const)(
  '%s: the order of the channels is that of its weights',
  async (name) => {
    const spec = specOf(name);
    const samples = samplesOf(spec, 1);
    const weights = weightsOf(spec);
    const { features } = await run(featuresProgram, spec, samples, weights);
    // Both begin with the weights of one channel after the other.
    const first = sizeOf(classifierLayout(spec)[0]!.shape) / spec.channels;
    const [turnedSamples, turnedWeights] = [samples.slice(), weights.slice()];
    for (const [to, from] of [1, 2, 0].entries()) {
      turnedSamples.set(samples.subarray(from * spec.steps, (from + 1) * spec.steps), to * spec.steps);
      turnedWeights.set(weights.subarray(from * first, (from + 1) * first), to * first);
    }
    const { features: turned } = await run(featuresProgram, spec, turnedSamples, turnedWeights);
    // The same float32 products, summed in another order.
    features!.forEach((value, i) => {
      expect(turned![i]).toBeCloseTo(value, 5);
    });
  },
);

test.each(
  CLASSIFIER_ARCHITECTURES.flatMap((name) => [
    [name, 1, 1] as const,
    [name, 1, 40] as const,
    [name, 7, 2] as const,
  ]),
)('%s: takes %i channels and %i steps', async (name, channels, steps) => {
  const spec = specOf(name, channels, steps);
  const { probabilities } = await run(classifyProgram, spec, samplesOf(spec, 2));
  for (const row of [0, 1]) {
    const sum = probabilities!.subarray(row * 3, row * 3 + 3).reduce((total, p) => total + p, 0);
    // Rounding of three float32 quotients.
    expect(sum).toBeCloseTo(1, 6);
  }
});
