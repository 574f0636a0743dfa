import { clusterInterval } from '../evaluation/statistics/cluster-bootstrap.ts';
import type { Interval } from '../evaluation/statistics/interval.ts';
import type { ExperimentRow } from './experiment.ts';
import type { RunResult } from './run-result.ts';
import { macroOfCounts } from './subjects.ts';

const SEED = 1;

/** A row with its runs. */
export interface ScoredRuns {
  readonly row: ExperimentRow;
  readonly results: readonly RunResult[];
}

/** Counts of one subject over all runs that tested it, `[classes]` each. */
interface Pooled {
  readonly rows: Float64Array;
  readonly right: Float64Array;
}

function pool({ row, results }: ScoredRuns): ReadonlyMap<number, Pooled> | null {
  const pooled = new Map<number, Pooled>();
  for (const { subjects, data } of results) {
    if (!subjects) return null;
    const zeros = (): Float64Array => new Float64Array(data.classNames.length);
    for (const { subject, rows, right, rightCorrected } of subjects) {
      const counts = pooled.get(subject) ?? { rows: zeros(), right: zeros() };
      pooled.set(subject, counts);
      for (const [k, count] of rows.entries()) {
        counts.rows[k]! += count;
        counts.right[k]! += (row.priorCorrected ? rightCorrected : right)[k]!;
      }
    }
  }
  return pooled;
}

/** Macro accuracy of the subjects at the given places; null where not every class is there. */
function macroOver(pooled: readonly Pooled[], places: Uint32Array): number | null {
  const classes = pooled[0]!.rows.length;
  const rows = new Float64Array(classes);
  const right = new Float64Array(classes);
  for (const place of places) {
    for (let k = 0; k < classes; k++) {
      rows[k]! += pooled[place]!.rows[k]!;
      right[k]! += pooled[place]!.right[k]!;
    }
  }
  return rows.includes(0) ? null : macroOfCounts(rows, right);
}

/**
 * How much the macro accuracy depends on who was tested: a 95 % bootstrap of whole subjects, rows of all runs pooled by
 * subject. With `reference`, of the difference to it on the same subjects. Null without subjects, or with a single one.
 */
export function subjectInterval(runs: ScoredRuns, reference?: ScoredRuns): Interval | null {
  const own = pool(runs);
  const other = reference && pool(reference);
  if (!own || own.size < 2 || other === null) return null;
  const subjects = [...own.keys()].sort((a, b) => a - b);
  const candidates = subjects.map((subject) => own.get(subject)!);
  const baselines = other && subjects.map((subject) => other.get(subject)!);
  const score = (places: Uint32Array): number | null => {
    const value = macroOver(candidates, places);
    if (!baselines || value === null) return value;
    const base = macroOver(baselines, places);
    return base === null ? null : value - base;
  };
  if (score(Uint32Array.from(subjects.keys())) === null) return null;
  return clusterInterval([...subjects.keys()], score, { seed: SEED });
}
