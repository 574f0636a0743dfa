/** G: latent vector and class to a sample in [-1, 1] (paper, section 2.1). About 1.5 M parameters. */
import { concat, leakyRelu, matMul, reshape, type Tensor, tanh } from '../tensor/ops.ts';
import { affine, type ConvolutionSpec, convolve, convolveTransposed, LEAK, strided } from './layers.ts';
import { convolution, dense, type Layout, type Weights } from './parameters.ts';
import type { GeneratorArchitecture, ModelSpec } from './spec.ts';
import { generateTemporal, temporalLayout } from './temporal-generator.ts';

/** Each latent step carries one value of z and three of the embedded class. */
const EMBEDDING = 3;

const CONVOLUTIONS: readonly ConvolutionSpec[] = [
  { name: 'conv1', kernel: [5, 1], strides: [2, 1], outputs: 32 },
  { name: 'conv2', kernel: [5, 1], strides: [2, 1], outputs: 64 },
  { name: 'conv3', kernel: [5, 1], strides: [1, 1], outputs: 32 },
];

/** Channels of the transposed variant's stages. */
const STAGES = [128, 64, 1] as const;

function paperFlatSize(spec: ModelSpec): number {
  return (
    CONVOLUTIONS.reduce((size, { strides }) => strided(size, strides[0]), spec.latentSize) *
    CONVOLUTIONS.at(-1)!.outputs
  );
}

/** `[height, width]` of the transposed variant's stages, smallest first; each is half of the next, rounded up. */
function stageSizes(spec: ModelSpec): readonly (readonly [number, number])[] {
  const half = [strided(spec.channels, 2), strided(spec.steps, 2)] as const;
  return [[strided(half[0], 2), strided(half[1], 2)], half, [spec.channels, spec.steps]];
}

export function generatorLayout(spec: ModelSpec): Layout {
  if (spec.generatorArchitecture === 'temporal') return temporalLayout(spec);
  if (spec.generatorArchitecture === 'dcgan') {
    const [height, width] = stageSizes(spec)[0]!;
    // Kernels of transposed convolutions are [height, width, outputs, inputs].
    return [
      ...dense('dense', spec.latentSize + spec.classes, height * width * STAGES[0]),
      { name: 'up1/kernel', shape: [3, 5, STAGES[1], STAGES[0]] },
      { name: 'up1/bias', shape: [STAGES[1]] },
      { name: 'up2/kernel', shape: [3, 5, STAGES[2], STAGES[1]] },
      { name: 'up2/bias', shape: [STAGES[2]] },
    ];
  }
  let inputs = 1 + EMBEDDING;
  const layers = CONVOLUTIONS.flatMap(({ name, kernel: [height, width], outputs }) => {
    const layer = convolution(name, height, width, inputs, outputs);
    inputs = outputs;
    return layer;
  });
  return [
    { name: 'embedding/kernel', shape: [spec.classes, spec.latentSize * EMBEDDING] },
    ...layers,
    ...dense('dense', paperFlatSize(spec), spec.channels * spec.steps),
  ];
}

const GENERATORS: Readonly<Record<GeneratorArchitecture, typeof generate>> = {
  paper: generatePaper,
  dcgan: generateTransposed,
  temporal: generateTemporal,
};

/** z `[batch, latent]` and class weights `[batch, classes]` to `[batch, channels, steps, 1]` in [-1, 1]. */
export function generate(spec: ModelSpec, weights: Weights, z: Tensor, classes: Tensor): Tensor {
  return GENERATORS[spec.generatorArchitecture](spec, weights, z, classes);
}

function generatePaper(spec: ModelSpec, weights: Weights, z: Tensor, classes: Tensor): Tensor {
  const batch = z.shape[0]!;
  const embedded = reshape(matMul(classes, weights['embedding/kernel']!), [
    batch,
    spec.latentSize,
    1,
    EMBEDDING,
  ]);
  const input = concat([reshape(z, [batch, spec.latentSize, 1, 1]), embedded], 3);
  const activation = CONVOLUTIONS.reduce((x, layer) => convolve(weights, layer, x), input);
  const flat = reshape(activation, [batch, paperFlatSize(spec)]);
  return reshape(tanh(affine(weights, 'dense', flat)), [batch, spec.channels, spec.steps, 1]);
}

function generateTransposed(spec: ModelSpec, weights: Weights, z: Tensor, classes: Tensor): Tensor {
  const [small, half, full] = stageSizes(spec);
  const batch = z.shape[0]!;
  const seedMap = leakyRelu(affine(weights, 'dense', concat([z, classes], 1)), LEAK);
  const image = reshape(seedMap, [batch, ...small!, STAGES[0]]);
  const up = leakyRelu(convolveTransposed(weights, 'up1', image, [2, 2], [...half!, STAGES[1]]), LEAK);
  return tanh(convolveTransposed(weights, 'up2', up, [2, 2], [...full!, STAGES[2]]));
}
