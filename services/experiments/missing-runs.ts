/** The runs of an experiment that have no result yet. */
import { join } from 'node:path';
import { VigilError } from '../../src/errors.ts';
import type { PlannedRun } from '../../src/experiments/plan.ts';
import type { RunJob, RunResult } from '../../src/experiments/run-result.ts';
import type { TrainingProgress } from '../../src/training/progress.ts';
import type { EngineHostSettings } from '../engine/host.ts';
import { ExperimentPool, type PoolEvents, type PoolJob } from './pool.ts';
import type { ExperimentStore } from './store.ts';

/** What a view is told. */
export interface ReproduceEvents {
  readonly onPlanned: (runs: readonly PlannedRun[], done: ReadonlySet<string>, engine: string) => void;
  readonly onProgress: (id: string, progress: TrainingProgress) => void;
  /** `result` is undefined for a figure. */
  readonly onFinished: (id: string, result: RunResult | undefined) => void;
}

export interface RunsSettings {
  /** Processes at a time. */
  readonly jobs: number;
  readonly engine: Omit<EngineHostSettings, 'role' | 'threads' | 'graphCache'>;
  readonly graphCache: (directory: string) => EngineHostSettings['graphCache'];
}

/**
 * Does the runs that have no result in the store, then the figures of `drawn` that have none. False when it was stopped.
 * Errors: ENGINE_REFUSED, FIELD_INVALID (another engine than that of the results), and those of a run, with its id.
 */
export async function runMissing(
  store: ExperimentStore,
  {
    runs,
    drawn,
    toJob,
  }: { runs: readonly PlannedRun[]; drawn: readonly PlannedRun[]; toJob: (run: PlannedRun) => RunJob },
  settings: RunsSettings,
  events: ReproduceEvents,
  signal: AbortSignal,
): Promise<boolean> {
  const results = new Map<string, RunResult>();
  for (const { id } of runs) {
    const result = await store.result<RunResult>(id);
    if (result) results.set(id, result);
  }
  const undrawn: PlannedRun[] = [];
  for (const run of drawn) if (!(await store.result(figureId(run.id)))) undrawn.push(run);
  const jobs = runs
    .filter(({ id }) => !results.has(id))
    .map((run): PoolJob => ({ call: 'experiment', job: toJob(run) }));
  const figures = undrawn.map((run): PoolJob => ({ call: 'figure', job: toJob(run) }));
  const left = Math.max(jobs.length, figures.length);
  if (left === 0) {
    events.onPlanned(runs, new Set(results.keys()), '');
    return true;
  }
  const pool = await ExperimentPool.open(Math.min(settings.jobs, left), {
    ...settings.engine,
    graphCache: settings.graphCache(join(store.directory, 'cache')),
  });
  const stop = (): void => pool.stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const { engine, version, device } = pool.info;
    checkEngine([...results.values()], { name: engine, version, device });
    events.onPlanned(runs, new Set(results.keys()), `${version} on ${device}`);
    if (signal.aborted) return false;
    const byId = new Map(runs.map((run) => [run.id, run]));
    const onFinished: PoolEvents['onFinished'] = async ({ job }, outcome) => {
      if ('result' in outcome) {
        await store.addResult(job.id, outcome.result);
        if (!byId.get(job.id)!.drawn) await store.removeCheckpoint(job.id);
        events.onFinished(job.id, outcome.result);
      } else {
        await store.addResult(figureId(job.id), outcome.points);
        events.onFinished(figureId(job.id), undefined);
      }
    };
    const hears = { onProgress: events.onProgress, onFinished };
    return (await pool.run(jobs, hears)) && (await pool.run(figures, hears));
  } finally {
    signal.removeEventListener('abort', stop);
    await pool.close();
  }
}

/** Under which the map of a run is stored. */
export const figureId = (id: string): string => `figure-${id}`;

/** Numbers of two engines are not comparable to the bit. */
function checkEngine(results: readonly RunResult[], engine: RunResult['engine']): void {
  const text = ({ name, device, version }: RunResult['engine']): string => `${name} on ${device}, ${version}`;
  const other = results.find((result) => text(result.engine) !== text(engine));
  if (!other) return;
  throw VigilError.field('engine', text(engine), `${text(other.engine)}, as in the runs that are done`);
}
