/** From the results of runs to the numbers of a table. Pure: the same results give the same table. */
import { holm } from '../evaluation/statistics/holm.ts';
import type { Interval } from '../evaluation/statistics/interval.ts';
import {
  comparePaired,
  type PairedComparison,
  type Verdict,
  verdictOf,
} from '../evaluation/statistics/paired.ts';
import type { BoundScore } from './bayes.ts';
import type { Experiment, ExperimentRow } from './experiment.ts';
import {
  type ComparedMeasure,
  evaluationOf,
  MEASURES,
  type MeasureName,
  type Measures,
  measuresOf,
  TIES,
} from './measures.ts';
import type { RunResult } from './run-result.ts';
import { type ScoredRuns, subjectInterval } from './subject-intervals.ts';

/** Over the runs of a row; deviation is that of a sample, 0 for a single run. */
export interface Spread {
  readonly mean: number;
  readonly deviation: number;
}

/** A row beside the reference, pair by pair of the same seed and fold. */
export interface RowComparison extends PairedComparison {
  /** `p` corrected by Holm over the rows of the table; the verdict is by this one. */
  readonly holm: number;
}

export interface RowSummary {
  readonly row: ExperimentRow;
  readonly results: readonly RunResult[];
  /** One per result. */
  readonly measures: readonly Measures[];
  readonly spread: Readonly<Record<MeasureName, Spread | null>>;
  /** Accuracy by class, in class order. */
  readonly classAccuracy: readonly (Spread | null)[];
  /** Of the macro accuracy over subjects. */
  readonly subjects: Interval | null;
  /** Of the difference of the macro accuracy to the reference over subjects. */
  readonly subjectsDifference: Interval | null;
  /** By measure; null for the reference itself, and where a measure does not exist. */
  readonly comparisons: Readonly<Partial<Record<ComparedMeasure, RowComparison | null>>>;
}

export interface TableSummary {
  readonly experiment: Experiment;
  readonly rows: readonly RowSummary[];
  readonly reference: RowSummary;
  readonly seeds: number;
  /** Test folds; 0 without folds. */
  readonly folds: number;
  /** Fewer than ten seeds. */
  readonly exploratory: boolean;
  readonly classNames: readonly string[];
  /** Mean over the runs of the reference. */
  readonly bayes: { readonly trainPriors: BoundScore; readonly priorFree: BoundScore } | null;
}

const SEED = 1;
const SEEDS_ENOUGH = 10;

/** Summarises the runs of every row. `runs` are in order of seed, then fold, the same for all rows. */
export function summarise(experiment: Experiment, runs: readonly ScoredRuns[]): TableSummary {
  const reference = runs.find(({ row }) => row.name === experiment.reference)!;
  const rows = correct(
    runs.map((each) => summariseRow(experiment, each, reference)),
    experiment.compared,
  );
  const { results } = reference;
  const seeds = new Set(results.map(({ seed }) => seed)).size;
  return {
    experiment,
    rows,
    reference: rows.find(({ row }) => row.name === experiment.reference)!,
    seeds,
    folds: new Set(results.flatMap(({ fold }) => (fold === null ? [] : [fold]))).size,
    exploratory: seeds < SEEDS_ENOUGH,
    classNames: results[0]!.data.classNames,
    bayes: meanBound(results),
  };
}

function summariseRow(experiment: Experiment, runs: ScoredRuns, reference: ScoredRuns): RowSummary {
  const { row, results } = runs;
  const measures = results.map((result) => measuresOf(row, result));
  const names = Object.keys(MEASURES) as MeasureName[];
  const isReference = row.name === reference.row.name;
  const baselines = reference.results.map((result) => measuresOf(reference.row, result));
  return {
    row,
    results,
    measures,
    spread: Object.fromEntries(
      names.map((name) => [name, spreadOf(measures.map((each) => each[name]))]),
    ) as RowSummary['spread'],
    classAccuracy: results[0]!.data.classNames.map((_, k) =>
      spreadOf(results.map((result) => evaluationOf(row, result).perClass[k]!.accuracy)),
    ),
    subjects: subjectInterval(runs),
    subjectsDifference: isReference ? null : subjectInterval(runs, reference),
    comparisons: Object.fromEntries(
      experiment.compared.map((name) => [name, isReference ? null : compare(name, measures, baselines)]),
    ),
  };
}

function compare(
  name: ComparedMeasure,
  measures: readonly Measures[],
  baselines: readonly Measures[],
): RowComparison | null {
  const values = (all: readonly Measures[]): number[] => all.flatMap((each) => each[name] ?? []);
  const [candidate, baseline] = [values(measures), values(baselines)];
  if (candidate.length !== measures.length || baseline.length !== baselines.length) return null;
  const comparison = comparePaired(candidate, baseline, { seed: SEED, tie: TIES[name] });
  return { ...comparison, holm: comparison.p };
}

/** Holm over the rows of the table, measure by measure, and the verdicts that it leaves. */
function correct(rows: readonly RowSummary[], compared: readonly ComparedMeasure[]): RowSummary[] {
  const corrected = rows.map((row) => ({ ...row, comparisons: { ...row.comparisons } }));
  for (const name of compared) {
    const known = corrected.filter(({ comparisons }) => comparisons[name]);
    const adjusted = holm(known.map(({ comparisons }) => comparisons[name]!.p));
    known.forEach((row, at) => {
      const before = row.comparisons[name]!;
      const p = adjusted[at]!;
      const verdict = withPeople(verdictOf({ ...before, p }, TIES[name]), name, row.subjectsDifference);
      row.comparisons[name] = { ...before, holm: p, verdict };
    });
  }
  return corrected;
}

/**
 * Better or worse only where other people would say so too: pairs share the people that were tested, so that p is about
 * other seeds alone. Of scores on test rows; the interval is that of the macro accuracy.
 */
function withPeople(verdict: Verdict, name: ComparedMeasure, people: Interval | null): Verdict {
  const asked = name === 'macroAccuracy' || name === 'macroAuc';
  if (!asked || !people || (verdict !== 'better' && verdict !== 'worse')) return verdict;
  return (verdict === 'better' ? people.low > 0 : people.high < 0) ? verdict : 'undecided';
}

function spreadOf(values: readonly (number | null)[]): Spread | null {
  const known = values.filter((value) => value !== null);
  if (known.length === 0 || known.length < values.length) return null;
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / Math.max(1, known.length - 1)) };
}

function meanBound(results: readonly RunResult[]): TableSummary['bayes'] {
  const known = results.flatMap(({ bayes }) => (bayes ? [bayes] : []));
  if (known.length < results.length) return null;
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const bound = (scores: readonly BoundScore[]): BoundScore => {
    const aucs = scores.flatMap(({ macroAuc }) => (macroAuc === null ? [] : [macroAuc]));
    return {
      accuracy: mean(scores.map(({ accuracy }) => accuracy)),
      macroAccuracy: mean(scores.map(({ macroAccuracy }) => macroAccuracy)),
      macroAuc: aucs.length === scores.length ? mean(aucs) : null,
    };
  };
  return {
    trainPriors: bound(known.map(({ trainPriors }) => trainPriors)),
    priorFree: bound(known.map(({ priorFree }) => priorFree)),
  };
}
