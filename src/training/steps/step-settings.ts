import type { ClassifierLoss } from '../../losses/imbalance.ts';
import type { JointWeights } from '../../losses/joint.ts';
import type { Reduction } from '../../losses/terms.ts';
import type { ModelSpec } from '../../models/spec.ts';
import type { TrainingOptions } from '../options.ts';
import type { ClassifierRecipe } from '../recipe.ts';

/** What the steps of a run have in common: everything that decides their graphs. */
export interface StepSettings {
  readonly spec: ModelSpec;
  /** Rows of a real batch. */
  readonly batchSize: number;
  /** Most synthetic rows that join a classifier batch; 0 when C trains on real rows alone. */
  readonly syntheticRows: number;
  /** Those rows are drawn in the step from a fixed G, given to it, or mixtures of a drawn and a given row. */
  readonly extraRows: 'generated' | 'given' | 'mixed';
  /** How much drawn rows count in C's loss: as real ones, or by D's density ratio. */
  readonly syntheticWeights: TrainingOptions['syntheticWeights'];
  readonly classifierLoss: ClassifierLoss;
  readonly reduction: Reduction;
  readonly weights: JointWeights;
  /** Weight of the mode-seeking term beside eq. 6; 0 leaves it out, with the second rows that it needs. */
  readonly diversityWeight: number;
  readonly realTarget: number;
  readonly auxOnFake: boolean;
  readonly labelSmoothing: number;
  readonly dropout: boolean;
}

/** Names of the input masks of `count` dropout layers. */
export const maskNames = (count: number): string[] => Array.from({ length: count }, (_, i) => `mask${i + 1}`);

/** Those of a run: terms that are left out have weight 0. */
export function stepSettings(
  spec: ModelSpec,
  options: TrainingOptions,
  { loss, extraRows }: ClassifierRecipe,
  syntheticRows: number,
): StepSettings {
  const left = (term: TrainingOptions['ablate'][number], weight: number): number =>
    options.ablate.includes(term) ? 0 : weight;
  return {
    spec,
    batchSize: options.batchSize,
    syntheticRows,
    extraRows: extraRows !== 'generator' ? 'given' : options.syntheticMixing > 0 ? 'mixed' : 'generated',
    syntheticWeights: options.syntheticWeights,
    classifierLoss: loss === 'focal' ? { kind: loss, gamma: options.focalGamma } : { kind: loss },
    reduction: options.reduction,
    weights: {
      adversarial: left('adversarial', 1),
      classification: left('classification', options.lambdaCls),
      correlation: left('correlation', options.lambdaCorr),
      joint: left('joint', options.lambdaOpt),
    },
    diversityWeight: options.diversity === 'mode_seeking' ? options.diversityWeight : 0,
    realTarget: options.realTarget,
    auxOnFake: options.auxOnFake,
    labelSmoothing: options.labelSmoothing,
    dropout: options.dropout > 0,
  };
}
