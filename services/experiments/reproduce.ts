/** An experiment from its plan to its files: runs what is missing, then writes tables and report. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openDataset, SIMULATED_PREFIX } from '../../src/data/open-dataset.ts';
import { VigilError } from '../../src/errors.ts';
import { EXPERIMENTS } from '../../src/experiments/catalogue.ts';
import { EXPERIMENT_NAMES, type ExperimentName } from '../../src/experiments/experiment.ts';
import type { FigurePoints } from '../../src/experiments/figure-points.ts';
import {
  distinctRuns,
  type PlannedRow,
  type PlannedRun,
  type PlanSettings,
  planExperiment,
} from '../../src/experiments/plan.ts';
import type { RunJob, RunResult } from '../../src/experiments/run-result.ts';
import { summarise, type TableSummary } from '../../src/experiments/summary.ts';
import { exampleFile } from '../datasets/resolve.ts';
import { figureId, type ReproduceEvents, type RunsSettings, runMissing } from './missing-runs.ts';
import { writeOutputs } from './outputs.ts';
import { ExperimentStore } from './store.ts';

export interface ReproduceSettings extends RunsSettings {
  readonly experiment: ExperimentName;
  /** A dataset file, `example:...` or `simulated:...`. */
  readonly data: string;
  readonly epochs: number;
  readonly seeds: number;
  /** Leave out one of the authors' folds at a time. */
  readonly folds: boolean;
  readonly classShares: readonly number[] | undefined;
  /** Training options of every run, as given. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly out: string;
  /** As the report repeats it. */
  readonly command: string;
  readonly codeVersion: string;
  readonly now: () => Date;
}

/**
 * Does an experiment in a directory, or what is left of it. Returns its summary, or undefined when `signal` stopped it
 * before the end; another call goes on. Errors: FIELD_INVALID (a directory of another configuration, by name; an option),
 * DATASET_NOT_FOUND, DATASET_UNSUITABLE, ENGINE_REFUSED, and those of a run, with its id.
 */
export async function reproduce(
  settings: ReproduceSettings,
  events: ReproduceEvents,
  signal: AbortSignal,
): Promise<TableSummary | undefined> {
  const { data, epochs, seeds, options, classShares, codeVersion } = settings;
  const location = exampleFile(data) ?? (data.startsWith(SIMULATED_PREFIX) ? data : resolve(data));
  const folds = settings.folds ? await foldsOf(location) : undefined;
  const plan: PlanSettings = { epochs, seeds, folds, options };
  const rows = planExperiment(EXPERIMENTS[settings.experiment], plan);
  const store = await ExperimentStore.open(resolve(settings.out), {
    data,
    dataFileSha256: fileHash(location),
    epochs,
    folds,
    classShares,
    options,
    codeVersion,
  });
  try {
    const toJob = (run: PlannedRun): RunJob => ({
      ...run,
      dataset: location,
      datasetName: data,
      classShares,
      directory: store.checkpoint(run.id),
      codeVersion,
    });
    const runs = distinctRuns(rows);
    const drawn = settings.experiment === 'figure2' ? runs.filter((run) => run.drawn) : [];
    const done = await runMissing(store, { runs, drawn, toJob }, settings, events, signal);
    if (!done) return undefined;
    const tables = [await tableOf(store, settings.experiment, rows)];
    for (const name of EXPERIMENT_NAMES) {
      if (name === settings.experiment || !existsSync(join(store.directory, `${name}.csv`))) continue;
      const other = await completeRows(store, name, plan);
      if (other) tables.push(await tableOf(store, name, other));
    }
    await writeOutputs(
      store,
      settings,
      tables as [TableSummary, ...TableSummary[]],
      await figureOf(store, rows),
    );
    return tables[0];
  } finally {
    store.close();
  }
}

async function tableOf(
  store: ExperimentStore,
  name: ExperimentName,
  rows: readonly PlannedRow[],
): Promise<TableSummary> {
  const scored = [];
  for (const { row, runs } of rows) {
    const results = [];
    // Everything is read back: a table of fresh runs and one of old runs are the same bytes.
    for (const { id } of runs) results.push((await store.result<RunResult>(id))!);
    scored.push({ row, results });
  }
  return summarise(EXPERIMENTS[name], scored);
}

/** Rows of an experiment with as many seeds as there are runs for; undefined where not even the first is complete. */
async function completeRows(
  store: ExperimentStore,
  name: ExperimentName,
  plan: PlanSettings,
): Promise<readonly PlannedRow[] | undefined> {
  let complete: readonly PlannedRow[] | undefined;
  for (let seeds = 1; ; seeds++) {
    const rows = planExperiment(EXPERIMENTS[name], { ...plan, seeds });
    if (!(await isComplete(store, rows))) return complete;
    complete = rows;
  }
}

async function isComplete(store: ExperimentStore, rows: readonly PlannedRow[]): Promise<boolean> {
  for (const { id } of distinctRuns(rows)) if (!(await store.result(id))) return false;
  return true;
}

async function figureOf(
  store: ExperimentStore,
  rows: readonly PlannedRow[],
): Promise<FigurePoints | undefined> {
  const drawn = distinctRuns(rows).find((run) => run.drawn);
  return drawn && store.result<FigurePoints>(figureId(drawn.id));
}

async function foldsOf(location: string): Promise<number[]> {
  const { dataset } = await openDataset(location);
  if (!dataset.folds)
    throw VigilError.field('folds', 'data without folds', 'data with folds', 'DATASET_UNSUITABLE');
  return [...new Set(dataset.folds)].sort((a, b) => a - b);
}

/** So that a file that changes between two calls is noticed; null for simulated data, whose name says everything. */
function fileHash(location: string): string | null {
  if (location.startsWith(SIMULATED_PREFIX)) return null;
  try {
    return createHash('sha256').update(readFileSync(location)).digest('hex');
  } catch (cause) {
    throw new VigilError('DATASET_NOT_FOUND', `no dataset file ${location}`, { cause });
  }
}
