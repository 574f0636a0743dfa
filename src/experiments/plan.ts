import { VigilError } from '../errors.ts';
import { parseTrainingOptions, type RegimeName } from '../training/options.ts';
import type { Experiment, ExperimentRow } from './experiment.ts';

/** What every run of an experiment shares. */
export interface PlanSettings {
  readonly epochs: number;
  /** Seeds 1 to this. */
  readonly seeds: number;
  /** The authors' folds, ascending; undefined: the data's own split, or by group with the run's seed. */
  readonly folds: readonly number[] | undefined;
  /** Training options of every run, as given. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** One training. Rows that differ only in how they are scored share it, and so do experiments. */
export interface PlannedRun {
  /** Says what the run is: regime, the options of its row, seed, fold. A file name. */
  readonly id: string;
  readonly regime: RegimeName;
  /** As given, for `parseTrainingOptions`. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly seed: number;
  /** Test fold; null without folds. */
  readonly fold: number | null;
  /** As given, for `parseSplitOptions`. */
  readonly split: Readonly<Record<string, unknown>> | undefined;
  /** Whether Figure 2 is drawn from it: joint training from scratch, first seed and fold. Its checkpoint is kept. */
  readonly drawn: boolean;
}

/** A row with its runs, in order of seed, then fold. */
export interface PlannedRow {
  readonly row: ExperimentRow;
  readonly runs: readonly PlannedRun[];
}

const MIN_FOLDS = 3;
const DRAWN_ROW = 'joint_scratch';

/**
 * All runs of an experiment, row by row. Errors: FIELD_INVALID (an option that does not exist, a row's own option
 * given for all), DATASET_UNSUITABLE (too few folds).
 */
export function planExperiment(experiment: Experiment, settings: PlanSettings): readonly PlannedRow[] {
  const { epochs, seeds, folds, options } = settings;
  if (folds && folds.length < MIN_FOLDS) {
    const allowed = `at least ${MIN_FOLDS}: one to test, one to validate, the rest to train`;
    throw VigilError.field('folds', `${folds.length} folds`, allowed, 'DATASET_UNSUITABLE');
  }
  return experiment.rows(epochs).map((row) => {
    const { regime } = row;
    for (const name of ['epochs', 'seed', ...Object.keys(row.options ?? {})]) {
      if (!(name in options)) continue;
      throw VigilError.field(`options.${name}`, 'a value for all rows', 'none: the plan sets it');
    }
    const runs = seedsTo(seeds).flatMap((seed) =>
      (folds ?? [null]).map((fold): PlannedRun => {
        const given = { ...options, ...row.options, epochs, seed };
        parseTrainingOptions(given, regime);
        return {
          id: runId(row, seed, fold),
          regime,
          options: given,
          seed,
          fold,
          split: fold === null ? undefined : foldSplit(fold, folds!),
          drawn: row.name === DRAWN_ROW && seed === 1 && fold === (folds?.[0] ?? null),
        };
      }),
    );
    return { row, runs };
  });
}

/** Every training once, seed by seed, so that a table that is cut off has whole seeds. */
export function distinctRuns(rows: readonly PlannedRow[]): readonly PlannedRun[] {
  const byId = new Map(rows.flatMap(({ runs }) => runs.map((run) => [run.id, run] as const)));
  return [...byId.values()].sort((a, b) => a.seed - b.seed);
}

const seedsTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

function runId({ regime, options = {} }: ExperimentRow, seed: number, fold: number | null): string {
  const own = Object.entries(options).map(([name, value]) => `-${name}-${String(value)}`);
  return `${regime}${own.join('')}-seed-${seed}${fold === null ? '' : `-fold-${fold}`}`;
}

/** The fold after the test fold validates, as in a ring. */
function foldSplit(fold: number, folds: readonly number[]): Readonly<Record<string, unknown>> {
  const next = folds[(folds.indexOf(fold) + 1) % folds.length];
  return { by: 'fold', testFold: fold, validationFold: next };
}
