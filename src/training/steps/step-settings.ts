import type { ClassifierLoss } from '../../losses/imbalance.ts';
import type { JointWeights } from '../../losses/joint.ts';
import type { Reduction } from '../../losses/terms.ts';
import type { ModelSpec } from '../../models/spec.ts';

/** What the steps of a run have in common: everything that decides their graphs. */
export interface StepSettings {
  readonly spec: ModelSpec;
  /** Rows of a real batch. */
  readonly batchSize: number;
  /** Most synthetic rows that join a classifier batch; 0 when C trains on real rows alone. */
  readonly syntheticRows: number;
  /** Those rows are drawn in the step from a fixed G, or given to it. */
  readonly extraRows: 'generated' | 'given';
  readonly classifierLoss: ClassifierLoss;
  readonly reduction: Reduction;
  readonly weights: JointWeights;
  readonly realTarget: number;
  readonly auxOnFake: boolean;
  readonly labelSmoothing: number;
  readonly dropout: boolean;
}

/** Names of the input masks of `count` dropout layers. */
export const maskNames = (count: number): string[] => Array.from({ length: count }, (_, i) => `mask${i + 1}`);
