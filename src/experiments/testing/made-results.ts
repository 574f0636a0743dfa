/** Results of runs that never took place, with known effects: for tests of what is said about them. */
import { evaluate } from '../../evaluation/metrics.ts';
import { fillNormal, randomKey } from '../../random.ts';
import type { Experiment } from '../experiment.ts';
import { type PlannedRun, planExperiment } from '../plan.ts';
import type { RunResult } from '../run-result.ts';
import type { ScoredRuns } from '../subject-intervals.ts';

const CLASSES = ['alert', 'drowsy'];
const SUBJECTS = 8;
/** Rows of each class of each subject. */
const ROWS = 50;

/**
 * A result of which `right` of the rows are answered right, in both classes alike; subjects differ a little.
 */
function madeResult(run: PlannedRun, right: number): RunResult {
  const labels: number[] = [];
  const probabilities: number[] = [];
  const subjects = Array.from({ length: SUBJECTS }, (_, subject) => {
    const share = Math.min(1, Math.max(0, right + 0.02 * (subject - (SUBJECTS - 1) / 2)));
    const count = Math.round(share * ROWS);
    for (const label of [0, 1]) {
      for (let row = 0; row < ROWS; row++) {
        const isRight = row < count;
        labels.push(label);
        probabilities.push(...(isRight === (label === 0) ? [0.8, 0.2] : [0.2, 0.8]));
      }
    }
    return { subject, rows: [ROWS, ROWS], right: [count, count], rightCorrected: [count, count] };
  });
  const evaluation = evaluate({
    probabilities: Float32Array.from(probabilities),
    labels: Uint8Array.from(labels),
    classNames: CLASSES,
    trainPriors: [0.5, 0.5],
  });
  return {
    id: run.id,
    regime: run.regime,
    options: run.options,
    seed: run.seed,
    fold: run.fold,
    data: {
      name: 'made <up>',
      sha256: 'abc',
      classNames: CLASSES,
      split: { by: 'group', train: 10, validation: 5, test: labels.length },
      classRows: [7, 3],
      classShares: null,
    },
    evaluation,
    priorCorrected: evaluation,
    subjects,
    bayes: null,
    separability: { silhouette: right / 10, purity: right, rows: labels.length },
    history: [],
    warnings: [],
    iterationsPerEpoch: 1,
    classifierUpdates: 1000,
    selectedEpoch: 3,
    trainingSeconds: 12,
    engine: { name: 'onnxruntime', device: 'cpu', version: 'onnxruntime-node' },
    codeVersion: 'test',
    node: 'v22',
  };
}

/**
 * Runs of an experiment whose accuracy is 0.6 plus the effect of the row, plus noise of the seed (and fold) that all rows share and
 * noise of each run.
 */
export function madeRuns(
  experiment: Experiment,
  seeds: number,
  effects: Readonly<Record<string, number>>,
  noise = 0.01,
  folds?: readonly number[],
): ScoredRuns[] {
  const rows = planExperiment(experiment, { epochs: 4, seeds, folds, options: {} });
  const pairs = seeds * (folds?.length ?? 1);
  const shared = fillNormal(randomKey(7, 'made/seed'), new Float32Array(pairs));
  return rows.map(({ row, runs }, at) => {
    const own = fillNormal(randomKey(7, 'made/run', at), new Float32Array(pairs));
    const results = runs.map((run, i) =>
      madeResult(run, 0.6 + (effects[row.name] ?? 0) + 0.03 * shared[i]! + noise * own[i]!),
    );
    return { row, results };
  });
}
