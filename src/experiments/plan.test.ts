import { expect, test } from 'vitest';
import { REGIME_NAMES } from '../training/options.ts';
import { EXPERIMENTS } from './catalogue.ts';
import { EXPERIMENT_NAMES } from './experiment.ts';
import { distinctRuns, planExperiment } from './plan.ts';
import { PRESETS } from './presets.ts';

const settings = { epochs: 100, seeds: 2, folds: undefined, options: {} };
const namesOf = (name: keyof typeof EXPERIMENTS): string[] =>
  EXPERIMENTS[name].rows(100).map((row) => row.name);

test('Table 1 has the six regimes of the paper, unfrozen after 0, 25, 50 and 75 of 100 epochs', () => {
  expect(namesOf('table1')).toEqual([
    'classifier_only',
    'joint_scratch',
    'joint_snapshot_0',
    'joint_snapshot_25',
    'joint_snapshot_50',
    'joint_snapshot_75',
  ]);
  const snapshots = EXPERIMENTS.table1.rows(100).slice(2);
  expect(snapshots.map(({ options }) => options?.unfreezeAfter)).toEqual([0, 25, 50, 75]);
});

test('Table 2 leaves out one term at a time, beside the full loss and the classifier alone', () => {
  expect(namesOf('table2')).toEqual([
    'classifier_only',
    'without_adversarial',
    'without_classification',
    'without_correlation',
    'without_joint',
    'joint_scratch',
  ]);
  const ablated = EXPERIMENTS.table2.rows(100).flatMap(({ options }) => options?.ablate ?? []);
  expect(ablated).toEqual(['adversarial', 'classification', 'correlation', 'joint']);
});

test('the baselines are all of the method page, and prior correction trains nothing of its own', () => {
  expect(namesOf('baselines')).toEqual([
    'classifier_only',
    'prior_correction',
    'weighted',
    'oversampling',
    'focal',
    'logit_adjusted',
    'smote',
    'perturbed',
    'two_stage',
    'joint_duplicates',
    'joint_scratch',
    'joint_recommended',
  ]);
  const corrected = EXPERIMENTS.baselines.rows(100).find(({ priorCorrected }) => priorCorrected);
  expect(corrected).toMatchObject({ name: 'prior_correction', regime: 'classifier_only' });
});

test('the recipe is taken apart one piece at a time, beside copies of real rows and an untrained generator', () => {
  expect(namesOf('recipe')).toEqual([
    'joint_duplicates',
    'perturbed',
    'joint_scratch',
    'joint_recommended',
    'recommended_untrained',
    'recommended_without_mixing',
    'recommended_without_diversity',
    'recommended_weighted_rows',
    'recommended_temporal',
    'duplicates_by_auc',
    'recommended_by_auc',
  ]);
  const runs = distinctRuns(planExperiment(EXPERIMENTS.recipe, settings));
  expect(new Set(runs.map(({ id }) => id)).size).toBe(11 * settings.seeds);
});

test('a snapshot that is not unfrozen after the very share of the epochs says after which it is', () => {
  const titles = EXPERIMENTS.table1.rows(5).map(({ title }) => title);
  expect(titles.slice(2)).toEqual([
    'joint, snapshot unfrozen after 0 %',
    'joint, snapshot unfrozen after 1 of 5 epochs',
    'joint, snapshot unfrozen after 2 of 5 epochs',
    'joint, snapshot unfrozen after 3 of 5 epochs',
  ]);
  expect(EXPERIMENTS.table1.rows(8)[3]!.title).toBe('joint, snapshot unfrozen after 25 %');
});

test('every regime that can be trained stands in some table', () => {
  const used = new Set(EXPERIMENT_NAMES.flatMap((name) => EXPERIMENTS[name].rows(100).map((r) => r.regime)));
  expect(REGIME_NAMES.filter((name) => !used.has(name))).toEqual([]);
});

test.each(EXPERIMENT_NAMES)('%s: the reference is one of its rows, and names are different', (name) => {
  const names = namesOf(name);
  expect(names).toContain(EXPERIMENTS[name].reference);
  expect(new Set(names).size).toBe(names.length);
});

test('runs are rows times seeds; experiments share them by id', () => {
  const table1 = distinctRuns(planExperiment(EXPERIMENTS.table1, settings));
  expect(table1).toHaveLength(12);
  const ids = new Set(table1.map(({ id }) => id));
  expect(ids.size).toBe(12);
  expect(ids).toContain('joint_snapshot-unfreezeAfter-25-seed-2');
  const table2 = distinctRuns(planExperiment(EXPERIMENTS.table2, settings));
  expect(table2.filter(({ id }) => ids.has(id))).toHaveLength(4);
  expect(table1.filter(({ drawn }) => drawn).map(({ id }) => id)).toEqual(['joint_scratch-seed-1']);
});

test('with folds every fold is tested once per seed, and the next one validates', () => {
  const [row] = planExperiment(EXPERIMENTS.table1, { ...settings, folds: [1, 2, 5] });
  expect(row!.runs).toHaveLength(6);
  expect(row!.runs.slice(0, 3).map(({ split }) => split)).toEqual([
    { by: 'fold', testFold: 1, validationFold: 2 },
    { by: 'fold', testFold: 2, validationFold: 5 },
    { by: 'fold', testFold: 5, validationFold: 1 },
  ]);
  expect(() => planExperiment(EXPERIMENTS.table1, { ...settings, folds: [1, 2] })).toThrow('at least 3');
});

test('what cannot be run is refused before anything runs', () => {
  expect(() => planExperiment(EXPERIMENTS.table1, { ...settings, epochs: 3 })).toThrow('at least 4');
  expect(() => planExperiment(EXPERIMENTS.table1, { ...settings, options: { seed: 3 } })).toThrow(
    'options.seed: found a value for all rows',
  );
  expect(() => planExperiment(EXPERIMENTS.table2, { ...settings, options: { nonsense: 3 } })).toThrow(
    'options.nonsense',
  );
});

test.each(Object.entries(PRESETS))(
  'preset %s can be planned for every experiment',
  (_, { epochs, seeds }) => {
    for (const name of EXPERIMENT_NAMES) {
      const rows = planExperiment(EXPERIMENTS[name], { epochs, seeds, folds: undefined, options: {} });
      expect(rows.every(({ runs }) => runs.length === seeds)).toBe(true);
    }
  },
);
