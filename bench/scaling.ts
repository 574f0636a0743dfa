/** How the joint iteration's cost grows with batch, steps, channels and classes, one at a time from the paper's shape. */
import { type Absent, checkField, openField } from './contenders/field.ts';
import type { Pytorch } from './contenders/install-pytorch.ts';
import type { Shape } from './contenders/protocol.ts';
import { measureRounds, type Pace, type Row } from './contenders/rounds.ts';
import { type Provenance, provenance, rounded } from './machine.ts';
import { flopsOf } from './training/flops.ts';
import { PAPER, PAPER_BATCH, shapeOf } from './training/shapes.ts';

export const AXES = {
  batch: [16, 64, 128, 512],
  steps: [30, 100, 300, 1000],
  channels: [4, 18, 64],
  classes: [3, 10, 20],
} as const;
export type Axis = keyof typeof AXES;

/** PyTorch is written as its best user would, eagerly: compiling every shape anew would take longer than measuring it. */
const VARIANTS = ['tuned'] as const;

export interface ScalingRow extends Row {
  readonly axis: Axis;
  readonly value: number;
  readonly megaflops: number;
}

export interface ScalingResult extends Provenance {
  readonly benchmark: 'scaling';
  readonly threads: number;
  readonly rounds: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly absent: readonly Absent[];
  readonly rows: readonly ScalingRow[];
}

const shapeAt = (axis: Axis, value: number): Shape =>
  axis === 'batch' ? shapeOf(PAPER, value) : shapeOf({ ...PAPER, [axis]: value }, PAPER_BATCH);

export async function benchScaling(settings: {
  readonly threads: number;
  readonly axes: readonly Axis[];
  readonly pace: Pace;
  readonly pytorch: Pytorch;
  readonly command: string;
  readonly say: (line: string) => void;
}): Promise<ScalingResult> {
  const { threads, axes, pace, pytorch, say } = settings;
  const began = provenance(settings.command);
  const rows: ScalingRow[] = [];
  const field = await openField({
    threads,
    shape: shapeOf(PAPER, PAPER_BATCH),
    pytorch,
    variants: VARIANTS,
  });
  try {
    for (const axis of axes) {
      for (const value of AXES[axis]) {
        const shape = shapeAt(axis, value);
        for (const contender of field.contenders) await contender.ask('open', shape);
        await checkField(field);
        const job = { work: 'joint-iteration', rows: shape.batch } as const;
        const megaflops = rounded(flopsOf(job.work, shape, shape.batch) / 1e6);
        for (const row of await measureRounds(field.contenders, [job], pace))
          rows.push({ ...row, axis, value, megaflops });
        const found = rows
          .slice(-field.contenders.length)
          .map(({ engine, medianMs }) => `${engine} ${medianMs} ms`);
        say(`${axis} ${value}: ${found.join(', ')}`);
      }
    }
  } finally {
    await field.close();
  }
  const { versions, absent } = field;
  return { benchmark: 'scaling', ...began, threads, rounds: pace.rounds, versions, absent, rows };
}
