/** The shapes that are measured. */
import { PAPER_COUNTS } from '../../src/data/simulated/drivers.ts';
import type { ModelSpec } from '../../src/models/spec.ts';
import { planAugmentation } from '../../src/training/augmentation.ts';
import type { Shape, Work } from '../contenders/protocol.ts';
import type { Job } from '../contenders/rounds.ts';

export const PAPER = { channels: 18, steps: 100, classes: 3 } as const;
export const PAPER_BATCH = 16;

/** With the paper's class counts: 5.56 + 3.82 synthetic rows join 16 real ones, 10 at most. More classes get none. */
export function shapeOf(spec: Shape['spec'], batch: number): Shape {
  const { expected, capacity } = planAugmentation([...PAPER_COUNTS.train], batch);
  const padded = Array.from({ length: spec.classes }, (_, label) => expected[label] ?? 0);
  return { spec, batch, expected: padded, capacity };
}

export const PAPER_SHAPE = shapeOf(PAPER, PAPER_BATCH);

/** The networks of the paper at a shape. */
export const specOfShape = ({ spec }: Shape): ModelSpec => ({
  ...spec,
  latentSize: 100,
  kernelHeight: 'paper',
  generatorArchitecture: 'paper',
  classifierArchitecture: 'paper',
});

const STEPS = ['classifier-step', 'discriminator-step', 'generator-step', 'joint-iteration'] as const;
const ROWS = [1, 16, 256] as const;
/** What is timed at the paper's shape: every step, and passes of some rows. */
export const TIMED: readonly (Job & { readonly work: Work })[] = [
  ...STEPS.map((work) => ({ work, rows: PAPER_BATCH })),
  ...(['forward', 'sample'] as const).flatMap((work) => ROWS.map((rows) => ({ work, rows }))),
];
