/** Every step, every engine, against PyTorch at its best and as people write it. */
import { nameOf } from '../contenders/contender.ts';
import { type Absent, type Check, checkField, openField } from '../contenders/field.ts';
import type { Pytorch } from '../contenders/install-pytorch.ts';
import type { Work } from '../contenders/protocol.ts';
import { type Job, measureRounds, type Pace, type Row } from '../contenders/rounds.ts';
import { type Provenance, provenance, rounded } from '../machine.ts';
import { PRODUCT_SIDE } from './engine-works.ts';
import { flopsOf } from './flops.ts';
import { PAPER_SHAPE, TIMED } from './shapes.ts';
import { type Verdict, verdictsOf } from './verdicts.ts';

const JOBS: readonly Job[] = [...TIMED, { work: 'matrix-product', rows: PRODUCT_SIDE }];

/** A row and the least time that its matrix products take at the machine's own rate. */
export interface TrainingRow extends Row {
  readonly work: Work;
  readonly megaflops: number;
  readonly boundMs: number;
}

export interface TrainingResult extends Provenance {
  readonly benchmark: 'training';
  readonly shape: string;
  readonly rounds: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly absent: readonly Absent[];
  /** Differences to onnxruntime's numbers, before anything was timed. */
  readonly checks: readonly Check[];
  /** Best rate of a large matrix product in onnxruntime or PyTorch, by threads. */
  readonly gigaflopsPerSecond: Readonly<Record<string, number>>;
  readonly rows: readonly TrainingRow[];
  readonly verdicts: readonly Verdict[];
}

export async function benchTraining(settings: {
  readonly threads: readonly number[];
  readonly pace: Pace;
  readonly pytorch: Pytorch;
  readonly command: string;
  readonly say: (line: string) => void;
}): Promise<TrainingResult> {
  const { threads, pace, pytorch, say } = settings;
  const began = provenance(settings.command);
  const rows: TrainingRow[] = [];
  const checks: Check[] = [];
  const gigaflopsPerSecond: Record<string, number> = {};
  let absent: readonly Absent[] = [];
  let versions: Readonly<Record<string, string>> = {};
  for (const count of threads) {
    const opened = await openField({ threads: count, shape: PAPER_SHAPE, pytorch });
    try {
      say(`${count} thread${count > 1 ? 's' : ''}: ${opened.contenders.map(nameOf).join(', ')}; checking`);
      const { field, checks: found } = await checkField(opened);
      checks.push(...found);
      ({ absent, versions } = field);
      say('all compute the same; timing');
      const measured = await measureRounds(
        field.contenders,
        JOBS,
        pace,
        ({ engine, variant }, { work }) =>
          work !== 'matrix-product' || engine === 'onnxruntime' || variant === 'tuned',
      );
      const products = measured.filter(({ work }) => work === 'matrix-product').map(({ minMs }) => minMs);
      const rate = (2 * PRODUCT_SIDE ** 3) / Math.min(...products) / 1e6;
      gigaflopsPerSecond[count] = rounded(rate);
      for (const row of measured) {
        if (row.work === 'matrix-product') continue;
        const megaflops = flopsOf(row.work, PAPER_SHAPE, row.batch) / 1e6;
        rows.push({
          ...row,
          work: row.work,
          megaflops: rounded(megaflops),
          boundMs: rounded(megaflops / rate),
        });
      }
    } finally {
      await opened.close();
    }
  }
  const { channels, steps, classes } = PAPER_SHAPE.spec;
  return {
    benchmark: 'training',
    ...began,
    shape: `${channels} x ${steps}, ${classes} classes`,
    rounds: pace.rounds,
    versions,
    absent,
    checks,
    gigaflopsPerSecond,
    rows,
    verdicts: verdictsOf(rows),
  };
}
