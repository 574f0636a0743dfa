/** Shows an experiment as it goes: a live bar for all of it and one per process on a terminal, a line per run elsewhere. */
import { MultiBar, type SingleBar } from 'cli-progress';
import type { PlannedRun } from '../../src/experiments/plan.ts';
import { parseTrainingOptions } from '../../src/training/options.ts';
import type { TrainingProgress } from '../../src/training/progress.ts';
import { REGIMES } from '../../src/training/regimes/table.ts';
import type { ReproduceEvents } from '../experiments/missing-runs.ts';
import { duration, percent, remark } from './print.ts';

/** An iteration with G and D costs about as much as so many of C alone (docs/performance.md). */
const ADVERSARIAL_COST = 8;
const BAR_SIZE = 20;

export interface ReproduceView extends ReproduceEvents {
  /** Before anything else is printed. */
  end(): void;
}

/** Epochs of a run, those with G and D weighed by what they cost. */
function costOf({ regime, options }: PlannedRun): number {
  const phases = REGIMES[regime].phases(parseTrainingOptions(options, regime));
  return phases.reduce(
    (sum, { epochs, adversarial }) => sum + epochs * (adversarial ? ADVERSARIAL_COST : 1),
    0,
  );
}

/** How much is done, and how long the rest takes at the rate so far. */
export class Estimate {
  readonly #costs: ReadonlyMap<string, number>;
  /** Shares of runs that are done, 0 to 1. */
  readonly #shares = new Map<string, number>();
  /** Where runs stood when this process first heard of them. */
  readonly #began = new Map<string, number>();
  readonly #clock: () => number;
  readonly #start: number;

  /** `clock` is in seconds. */
  constructor(runs: readonly PlannedRun[], done: ReadonlySet<string>, clock: () => number) {
    this.#costs = new Map(runs.map((run) => [run.id, costOf(run)]));
    this.#clock = clock;
    this.#start = clock();
    for (const id of done) this.update(id, 1);
  }

  update(id: string, share: number): void {
    if (!this.#costs.has(id)) return;
    if (!this.#began.has(id)) this.#began.set(id, share);
    this.#shares.set(id, share);
  }

  get percent(): number {
    const all = [...this.#costs.values()].reduce((sum, cost) => sum + cost, 0);
    return (100 * this.#sum((id) => this.#shares.get(id) ?? 0)) / all;
  }

  /** Undefined before anything was done. */
  get secondsLeft(): number | undefined {
    const done = this.#sum((id) => (this.#shares.get(id) ?? 0) - (this.#began.get(id) ?? 0));
    const left = this.#sum((id) => 1 - (this.#shares.get(id) ?? 0));
    return done > 0 ? (left * (this.#clock() - this.#start)) / done : undefined;
  }

  #sum(share: (id: string) => number): number {
    return [...this.#costs].reduce((sum, [id, cost]) => sum + cost * share(id), 0);
  }
}

const leftText = (estimate: Estimate): string => {
  const { secondsLeft } = estimate;
  return secondsLeft === undefined ? 'time left: not known yet' : `${duration(secondsLeft)} left`;
};

const planText = (runs: readonly PlannedRun[], done: ReadonlySet<string>, engine: string): string =>
  `${runs.length} runs, ${done.size} of them done${engine === '' ? '' : `; ${engine}`}`;

/** For logs. */
function createLines(clock: () => number): ReproduceView {
  let estimate: Estimate;
  let count = 0;
  let all = 0;
  return {
    onPlanned: (runs, done, engine) => {
      estimate = new Estimate(runs, done, clock);
      [count, all] = [done.size, runs.length];
      remark(planText(runs, done, engine));
    },
    onProgress: (id, { percent: share }) => estimate.update(id, share / 100),
    onFinished: (id, result) => {
      estimate.update(id, 1);
      if (!result) return remark(`${id} done`);
      count += 1;
      const score = `macro accuracy ${percent(result.evaluation.macroAccuracy)}`;
      const left = count < all ? `; ${leftText(estimate)}` : '';
      remark(`${count}/${all}  ${id}  ${score}  ${duration(result.trainingSeconds)}${left}`);
    },
    end: () => {},
  };
}

function createBars(title: string, clock: () => number): ReproduceView {
  const bars = new MultiBar({
    format: '{bar} {done}%  {state}',
    barsize: BAR_SIZE,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    fps: 4,
    linewrap: false,
    stream: process.stderr,
  });
  const active = new Map<string, SingleBar>();
  const show = (bar: SingleBar, done: number, state: string): void =>
    bar.update(done, { done: String(Math.floor(done)).padStart(3), state });
  let whole: SingleBar;
  let estimate: Estimate;
  let count = 0;
  let all = 0;
  const showAll = (): void =>
    show(whole, estimate.percent, `${title}: ${count}/${all} runs, ${leftText(estimate)}`);
  const runText = (id: string, { epoch, epochs, phase, validation: { macroAccuracy } }: TrainingProgress) =>
    [
      id,
      phase === 'training' ? `epoch ${epoch}/${epochs}` : phase,
      ...(macroAccuracy === undefined ? [] : [`macro ${percent(macroAccuracy)}`]),
    ].join('  ');
  return {
    onPlanned: (runs, done, engine) => {
      estimate = new Estimate(runs, done, clock);
      [count, all] = [done.size, runs.length];
      remark(planText(runs, done, engine));
      whole = bars.create(100, 0, { done: '  0', state: title });
      showAll();
    },
    onProgress: (id, progress) => {
      estimate.update(id, progress.percent / 100);
      const bar = active.get(id) ?? bars.create(100, 0, { done: '  0', state: id });
      active.set(id, bar);
      show(bar, progress.percent, runText(id, progress));
      showAll();
    },
    onFinished: (id, result) => {
      estimate.update(id, 1);
      if (result) count += 1;
      const bar = active.get(id);
      if (bar) bars.remove(bar);
      active.delete(id);
      showAll();
    },
    end: () => bars.stop(),
  };
}

/** `clock` is in seconds. */
export const createReproduceView = (title: string, clock: () => number): ReproduceView =>
  process.stderr.isTTY ? createBars(title, clock) : createLines(clock);
