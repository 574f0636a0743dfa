import { classRecalls, meanOfKnown, recallsOf, sumTallies, tallyRecalls } from './recalls.ts';
import { rowsById } from './rows-by-id.ts';
import { clusterInterval } from './statistics/cluster-bootstrap.ts';
import type { Interval } from './statistics/interval.ts';

/** Scores on the rows of one group (subject). */
export interface GroupScore {
  readonly group: number;
  readonly rows: number;
  readonly accuracy: number;
  /** Unweighted mean of the recalls of the classes that the group has. */
  readonly macroAccuracy: number;
}

/** A score over the groups. */
export interface GroupSpread {
  readonly worst: number;
  readonly median: number;
}

export interface GroupScores {
  /** Groups in all. */
  readonly groups: number;
  readonly accuracy: GroupSpread;
  readonly macroAccuracy: GroupSpread;
  /** The groups with the least macro accuracy, least first; at most 100. */
  readonly worst: readonly GroupScore[];
}

/** Groups that are listed: evaluations are part of every version, and lists of versions are one message. */
const LISTED = 100;

/** Scores group by group; `groups` `[rows]` says whom a row is of. */
export function scoreGroups(
  labels: Uint8Array,
  answers: Uint8Array,
  groups: ArrayLike<number>,
  classes: number,
): GroupScores {
  const scores = rowsById(groups).map(([group, rows]): GroupScore => {
    const right = rows.filter((row) => answers[row] === labels[row]).length;
    const macroAccuracy = meanOfKnown(classRecalls(labels, answers, rows, classes));
    return { group, rows: rows.length, accuracy: right / rows.length, macroAccuracy };
  });
  return {
    groups: scores.length,
    accuracy: spreadOf(scores.map(({ accuracy }) => accuracy)),
    macroAccuracy: spreadOf(scores.map(({ macroAccuracy }) => macroAccuracy)),
    worst: scores.toSorted((a, b) => a.macroAccuracy - b.macroAccuracy).slice(0, LISTED),
  };
}

function spreadOf(values: readonly number[]): GroupSpread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return {
    worst: sorted[0]!,
    median: (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2,
  };
}

/**
 * 95 % interval of the macro accuracy over subjects like these: a bootstrap of whole groups, of the resamples that have
 * every class that the rows have. Undefined for fewer than two groups, and where no resample has all classes.
 */
export function macroAccuracyInterval(
  labels: Uint8Array,
  answers: Uint8Array,
  groups: ArrayLike<number>,
  classes: number,
  seed: number,
): Interval | undefined {
  const members = rowsById(groups);
  if (members.length < 2) return undefined;
  const present = new Set(labels).size;
  // A resample is of whole groups, so their counts are all that it needs.
  const tallies = members.map(([, rows]) => tallyRecalls(labels, answers, rows, classes));
  const statistic = (chosen: Uint32Array): number | null => {
    const recalls = recallsOf(sumTallies(tallies, chosen, classes));
    return recalls.filter((recall) => recall !== null).length < present ? null : meanOfKnown(recalls);
  };
  const interval = clusterInterval([...members.keys()], statistic, { seed });
  return Number.isFinite(interval.low) ? interval : undefined;
}
