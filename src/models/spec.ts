import { VigilError } from '../errors.ts';

/** `paper`, `dcgan` (dense, then transposed convolutions), `temporal` (dense, then convolutions along time). */
export const GENERATOR_ARCHITECTURES = ['paper', 'dcgan', 'temporal'] as const;
export type GeneratorArchitecture = (typeof GENERATOR_ARCHITECTURES)[number];

/** The forms of C, the paper's first. */
export const CLASSIFIER_ARCHITECTURES = ['paper', 'residual', 'statistics'] as const;
export type ClassifierArchitecture = (typeof CLASSIFIER_ARCHITECTURES)[number];

/** In which units samples are: `scaled` is [-1, 1] per channel, as the networks see them. */
export type SampleUnits = 'original' | 'scaled';

/** The shape of the problem and the choices that decide the networks' shapes. */
export interface ModelSpec {
  /** Channels of a sample: 18 in the paper. */
  readonly channels: number;
  /** Steps of a sample: 100 in the paper. */
  readonly steps: number;
  /** Number of classes: 3 in the paper. */
  readonly classes: number;
  /** Length of z: 100 in the paper. */
  readonly latentSize: number;
  /** Height of the paper's C's kernels: 3 rows, or all rows, which does not depend on the order of the channels. */
  readonly kernelHeight: 'paper' | 'all';
  readonly generatorArchitecture: GeneratorArchitecture;
  readonly classifierArchitecture: ClassifierArchitecture;
}

/** Largest sample and class count that the networks are built for. */
const LIMITS = { channels: 1024, steps: 10_000, classes: 1000 } as const;

/** Throws DATASET_UNSUITABLE when no network can be built for the sizes. */
export function checkSpec(spec: ModelSpec): ModelSpec {
  for (const [name, most] of Object.entries(LIMITS)) {
    const found = spec[name as keyof typeof LIMITS];
    const least = name === 'classes' ? 2 : 1;
    if (!Number.isInteger(found) || found < least || found > most) {
      throw VigilError.field(
        name,
        String(found),
        `an integer from ${least} to ${most}`,
        'DATASET_UNSUITABLE',
      );
    }
  }
  return spec;
}
