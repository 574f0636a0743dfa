/**
 * Every choice of the method that the paper leaves open, as a named option. `docs/method.md` gives the reasons; the
 * resolved values are stored with the run and with the model. Tensor-free: the gateway validates with this file.
 */
import { z } from 'zod';
import { VigilError } from '../errors.ts';
import { CLASSIFIER_ARCHITECTURES, GENERATOR_ARCHITECTURES } from '../models/spec.ts';
import { REGIME_DEFAULTS } from './regime-defaults.ts';

/** Rows of Table 1 of the paper, then what every result stands beside, then this project's own joint recipe. */
export const REGIME_NAMES = [
  'classifier_only',
  'joint_scratch',
  'joint_snapshot',
  'two_stage',
  'joint_duplicates',
  'weighted',
  'oversampling',
  'focal',
  'logit_adjusted',
  'smote',
  'perturbed',
  'joint_recommended',
] as const;
export type RegimeName = (typeof REGIME_NAMES)[number];

/** Terms of the generator's loss (eq. 6) that Table 2 leaves out one at a time. */
export const LOSS_TERMS = ['adversarial', 'classification', 'correlation', 'joint'] as const;

const MAX_SEED = 2 ** 53 - 1;
const rate = z.number().positive().max(1);
const weight = z.number().min(0).max(1000);

const optionsSchema = z.strictObject({
  epochs: z.int().min(1).max(10_000).default(100),
  batchSize: z.int().min(1).max(512).default(16),
  seed: z.int().min(0).max(MAX_SEED).default(1),
  generatorLearningRate: rate.default(1e-4),
  discriminatorLearningRate: rate.default(1e-4),
  classifierLearningRate: rate.default(1e-4),
  schedule: z.enum(['active', 'global', 'constant']).default('active'),
  reduction: z.enum(['sum', 'mean']).default('sum'),
  lambdaCls: weight.default(1),
  lambdaCorr: weight.default(1),
  lambdaOpt: weight.default(10),
  realTarget: z.number().min(0.5).max(1).default(0.9),
  auxOnFake: z.boolean().default(false),
  correlationTarget: z.enum(['one', 'real']).default('one'),
  labelSmoothing: z.number().min(0).max(0.5).default(0),
  ganBatches: z.enum(['balanced', 'natural']).default('balanced'),
  dropout: z.number().min(0).max(0.9).default(0.3),
  ablate: z.array(z.enum(LOSS_TERMS)).default([]),
  selectBy: z.enum(['accuracy', 'macroAccuracy', 'macroAuc']).default('accuracy'),
  limits: z.enum(['robust', 'minmax']).default('robust'),
  kernelHeight: z.enum(['paper', 'all']).default('paper'),
  generatorArchitecture: z.enum(GENERATOR_ARCHITECTURES).default('paper'),
  classifierArchitecture: z.enum(CLASSIFIER_ARCHITECTURES).default('paper'),
  unfreezeAfter: z.int().min(0).max(10_000).default(0),
  pretrainEpochs: z.int().min(1).max(10_000).optional(),
  latentSize: z.int().min(1).max(4096).default(100),
  focalGamma: z.number().min(0).max(10).default(2),
  logitAdjustment: z.number().min(0).max(10).default(1),
  smoteNeighbours: z.int().min(1).max(100).default(5),
  jitterSigma: z.number().min(0).max(1).default(0.05),
  scaleSigma: z.number().min(0).max(1).default(0.1),
  warpSigma: z.number().min(0).max(1).default(0.2),
  diversity: z.enum(['none', 'mode_seeking']).default('none'),
  diversityWeight: weight.default(1),
  calibrate: z.enum(['none', 'temperature']).default('temperature'),
  syntheticMixing: z.number().min(0).max(1).default(0),
  syntheticWeights: z.enum(['none', 'density_ratio']).default('none'),
});

/** Options of single regimes, refused elsewhere. `vain-options.ts` warns of others that change nothing. */
const REGIMES_OF: Readonly<Record<string, readonly RegimeName[]>> = {
  unfreezeAfter: ['joint_snapshot'],
  pretrainEpochs: ['joint_snapshot', 'two_stage'],
  focalGamma: ['focal'],
  logitAdjustment: ['logit_adjusted'],
  smoteNeighbours: ['smote'],
  jitterSigma: ['perturbed'],
  scaleSigma: ['perturbed'],
  warpSigma: ['perturbed'],
};

/** All options after defaults. */
export type TrainingOptions = Readonly<z.output<typeof optionsSchema>>;

/** Names of all options, as in JSON, in the CLI and in `vigil.v1.TrainingOptions`. */
export const OPTION_NAMES: readonly string[] = Object.keys(optionsSchema.shape);

const share = z.number().min(0.05).max(0.9);
const splitSchema = z.strictObject({
  by: z.enum(['group', 'fold', 'row', 'dataset']).optional(),
  testShare: share.default(0.2),
  validationShare: share.default(0.15),
  testFold: z.int().optional(),
  validationFold: z.int().optional(),
});

/** How rows are divided, after defaults; `by` undefined means: the dataset's own split, or by group. */
export type SplitOptions = Readonly<z.output<typeof splitSchema>>;

/**
 * Parses options; a value that is given wins over the regime's own default, that over the general one. A problem is
 * FIELD_INVALID with one entry per bad field, each path under `options.`.
 */
export function parseTrainingOptions(options: unknown, regime: RegimeName): TrainingOptions {
  const own = REGIME_DEFAULTS[regime];
  const given = options ?? {};
  const parsed = parse(optionsSchema, typeof given === 'object' ? { ...own, ...given } : given, 'options');
  for (const [name, regimes] of Object.entries(REGIMES_OF)) {
    if (!isGiven(options, name) || regimes.includes(regime)) continue;
    const allowed = `only with ${regimes.join(' or ')}`;
    throw VigilError.field(`options.${name}`, `a value with regime ${regime}`, allowed);
  }
  if (regime === 'joint_snapshot' && parsed.unfreezeAfter >= parsed.epochs) {
    const allowed = `an integer below epochs (${parsed.epochs})`;
    throw VigilError.field('options.unfreezeAfter', String(parsed.unfreezeAfter), allowed);
  }
  const { ablate, lambdaCls, lambdaCorr, lambdaOpt } = parsed;
  const weights = { adversarial: 1, classification: lambdaCls, correlation: lambdaCorr, joint: lambdaOpt };
  if (LOSS_TERMS.every((term) => ablate.includes(term) || weights[term] === 0)) {
    const allowed = 'at least one term of the generator with a weight above 0';
    throw VigilError.field('options.ablate', `${JSON.stringify(ablate)}, which leaves no term`, allowed);
  }
  if (parsed.diversity === 'none' && isGiven(options, 'diversityWeight')) {
    const found = 'a value with diversity none';
    throw VigilError.field('options.diversityWeight', found, 'only with diversity mode_seeking');
  }
  if (parsed.syntheticWeights === 'density_ratio' && parsed.syntheticMixing === 1) {
    const found = 'density_ratio with syntheticMixing 1';
    throw VigilError.field('options.syntheticWeights', found, "none: nothing of G's rows is left to weigh");
  }
  if (parsed.classifierArchitecture !== 'paper' && isGiven(options, 'kernelHeight')) {
    const found = `a value with classifierArchitecture ${parsed.classifierArchitecture}`;
    throw VigilError.field('options.kernelHeight', found, 'only with paper');
  }
  return Object.freeze(parsed);
}

/** Parses split options; a problem is FIELD_INVALID with paths under `split.`. */
export function parseSplitOptions(split: unknown): SplitOptions {
  const parsed = parse(splitSchema, split ?? {}, 'split');
  if (parsed.testShare + parsed.validationShare > 0.95) {
    const found = String(parsed.testShare + parsed.validationShare);
    throw VigilError.field('split.testShare', `${found} with validationShare`, 'a sum of at most 0.95');
  }
  for (const name of ['testFold', 'validationFold'] as const) {
    if (parsed.by === 'fold' || parsed[name] === undefined) continue;
    const found = `a value with by ${parsed.by ?? 'left out'}`;
    throw VigilError.field(`split.${name}`, found, 'only with by "fold"');
  }
  if (parsed.by === 'fold' && (parsed.testFold === undefined || parsed.validationFold === undefined)) {
    throw VigilError.field('split.testFold', 'no fold', 'testFold and validationFold when by is "fold"');
  }
  if (parsed.by === 'fold' && parsed.testFold === parsed.validationFold) {
    throw VigilError.field(
      'split.validationFold',
      String(parsed.validationFold),
      'a fold other than testFold',
    );
  }
  return Object.freeze(parsed);
}

/** A regime by name; FIELD_INVALID under `regime` otherwise. */
export function parseRegimeName(regime: string): RegimeName {
  const found = REGIME_NAMES.find((name) => name === regime);
  if (!found) throw VigilError.field('regime', JSON.stringify(regime), REGIME_NAMES.join(', '));
  return found;
}

function isGiven(options: unknown, name: string): boolean {
  return typeof options === 'object' && options !== null && name in options;
}

function parse<S extends z.ZodType>(schema: S, value: unknown, root: string): z.output<S> {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const fields = result.error.issues.flatMap((issue) => {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [key]) : [issue.path];
    return keys.map((path) => ({
      field: [root, ...path].join('.'),
      description: `found ${JSON.stringify(issue.input) ?? 'nothing'}; ${issue.message}`,
    }));
  });
  const message = fields.map(({ field, description }) => `${field}: ${description}`).join('; ');
  throw new VigilError('FIELD_INVALID', message, { fields });
}
