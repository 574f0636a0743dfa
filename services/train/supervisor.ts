/** Takes runs through their states: one at a time, oldest first, from the last checkpoint after any interruption. */
import { diskFullError } from '../../src/disk-full.ts';
import { VigilError } from '../../src/errors.ts';
import type { TrainingUpdate } from '../../src/training/progress.ts';
import { ChangeSignal } from '../change-signal.ts';
import type { StepTimes } from '../engine/protocol.ts';
import type { Instruments } from '../observability/metrics.ts';
import { idOf, runName } from '../resource-names.ts';
import {
  awaitsPromotion,
  FINAL_STATES,
  type Promotion,
  type RunChange,
  type RunRecord,
  type RunState,
} from '../storage/store.ts';
import { type AttemptSettings, registerBundle, type StopReason, trainOnce } from './attempt.ts';
import { LiveProgress } from './live-progress.ts';
import { failureOf } from './run-failure.ts';
import { untilStored } from './until-stored.ts';

export interface SupervisorSettings extends AttemptSettings {
  readonly instruments: Instruments;
  /** Tries to make the run's version stable; rejects for unexpected errors only. */
  readonly promote: (run: RunRecord) => Promise<Promotion>;
}

interface CurrentRun {
  readonly id: string;
  readonly live: LiveProgress;
}

/** A run whose process goes away so often without a new checkpoint has failed. */
const MAX_ATTEMPTS = 3;
const WAITING: readonly RunState[] = ['queued', 'interrupted'];
const ACTIVE: readonly RunState[] = ['running', 'cancelling'];

export class TrainingSupervisor {
  readonly #settings: SupervisorSettings;
  readonly #change = new ChangeSignal();
  #current: CurrentRun | undefined;
  #loop: Promise<void> | undefined;
  /** Runs that were cancelled while they train, or are about to. */
  readonly #cancelled = new Set<string>();
  #woken = false;
  #closing = false;
  /** Store writes of progress, one after the other. */
  #writes: Promise<unknown> = Promise.resolve();
  readonly #unsubscribe: (() => void)[];

  private constructor(settings: SupervisorSettings) {
    this.#settings = settings;
    const { engine } = settings;
    this.#unsubscribe = [
      engine.onUp(() => this.wake()),
      engine.onTraining((run, update, times) => this.#take(idOf(run, 'runs'), update, times)),
    ];
  }

  /** Picks up what an earlier process left: runs that were training are interrupted, and go on. */
  static async open(settings: SupervisorSettings): Promise<TrainingSupervisor> {
    const supervisor = new TrainingSupervisor(settings);
    for (const run of await settings.store.runsIn(ACTIVE)) {
      if (run.state === 'cancelling') await supervisor.#end(run.id, { state: 'cancelled' });
      else await supervisor.#move(run.id, ACTIVE, { state: 'interrupted' });
    }
    await supervisor.#countRuns();
    supervisor.wake();
    return supervisor;
  }

  /** Starts the next run when none is running. */
  wake(): void {
    // The loop may be past its last look at the queue: it looks again when it ends.
    this.#woken = true;
    if (this.#closing || this.#loop) return;
    this.#woken = false;
    this.#loop = this.#work()
      .catch((error: unknown) => this.#settings.log.error({ err: error }, 'the training loop failed'))
      .finally(() => {
        this.#loop = undefined;
        if (this.#woken) this.wake();
      });
  }

  /** The run as it is now, with progress that is not stored yet. RUN_NOT_FOUND. */
  async get(id: string): Promise<RunRecord> {
    const run = await this.#settings.store.getRun(id);
    if (!run)
      throw new VigilError('RUN_NOT_FOUND', `no run ${runName(id)}`, { metadata: { run: runName(id) } });
    return this.withLive(run);
  }

  withLive(run: RunRecord): RunRecord {
    if (this.#current?.id !== run.id) return run;
    const { progress, warnings } = this.#current.live;
    return { ...run, progress: progress ?? run.progress, warnings };
  }

  /** The latest epoch of a run that is in the store; undefined when it is not in progress here. */
  liveEpoch(id: string): number | undefined {
    return this.#current?.id === id ? this.#current.live.epoch : undefined;
  }

  /** Resolves at the next change of any run, or when the signal aborts. */
  changed(signal: AbortSignal): Promise<void> {
    return this.#change.changed(signal);
  }

  /** A run was added or removed. */
  async changedRuns(): Promise<void> {
    await this.#countRuns();
    this.#change.notify();
    this.wake();
  }

  /** Cancels: at once while it waits, at the next step boundary while it trains. RUN_STATE when it is over otherwise. */
  async cancel(id: string): Promise<RunRecord> {
    const waiting = await this.#end(id, { state: 'cancelled' }, WAITING);
    if (waiting) return waiting;
    const running = await this.#move(id, ['running'], { state: 'cancelling' });
    if (running) {
      this.#cancelled.add(id);
      await this.#stop(id, 'cancel');
      return running;
    }
    const run = await this.get(id);
    if (run.state === 'cancelling' || run.state === 'cancelled') return run;
    throw new VigilError(
      'RUN_STATE',
      `${runName(id)} is ${run.state}; only a run that is not over can be cancelled`,
      {
        metadata: { subject: runName(id) },
      },
    );
  }

  /** Stops the run in progress at a step boundary; it is `interrupted` and goes on with the next process. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    if (this.#current) await this.#stop(this.#current.id, 'stop');
    await this.#loop;
    await this.#writes;
  }

  /** Tells the engine. A run that has not reached it finds its reason in `#stopReason`. */
  async #stop(id: string, reason: StopReason): Promise<void> {
    // An engine that is away has no training to stop; the run ends by its state.
    await this.#settings.engine.call('stopTraining', { run: runName(id), reason }).catch(() => {});
  }

  #stopReason(id: string): StopReason | undefined {
    if (this.#cancelled.has(id)) return 'cancel';
    return this.#closing ? 'stop' : undefined;
  }

  async #work(): Promise<void> {
    const { store, engine } = this.#settings;
    while (!this.#closing && engine.info) {
      for (const run of await store.runsAwaitingPromotion()) await this.#promote(run);
      const [next] = await store.runsIn(WAITING);
      if (!next) return;
      const change = {
        state: 'running',
        attempts: next.attempts + 1,
        startTime: next.startTime ?? this.#settings.now(),
      } as const;
      const run = await this.#move(next.id, WAITING, change);
      if (run) await this.#train(run);
    }
  }

  async #train(run: RunRecord): Promise<void> {
    const { instruments, log, now } = this.#settings;
    const { id } = run;
    const epochs = await this.#settings.store.history(id);
    const live = new LiveProgress(instruments, now, run.warnings, epochs.at(-1)?.epoch ?? 0);
    this.#current = { id, live };
    log.info({ run: runName(id), attempt: run.attempts, regime: run.request.regime }, 'training');
    try {
      const outcome = await trainOnce(this.#settings, run, () => this.#stopReason(id));
      await this.#writes;
      if (outcome === 'succeeded') {
        await registerBundle(this.#settings, run);
        await this.#countRuns();
      } else await this.#stopped(id, outcome === 'cancelled');
    } catch (error) {
      await this.#writes;
      await untilStored(
        () => this.#failed(run, error),
        () => this.#closing,
        log,
      );
    } finally {
      live.end();
      this.#cancelled.delete(id);
      this.#current = undefined;
      this.#change.notify();
    }
  }

  async #promote(run: RunRecord): Promise<void> {
    const { store, log, promote } = this.#settings;
    const promotion = await promote(run).catch((error: unknown): Promotion => {
      log.error({ run: runName(run.id), err: error }, 'promotion failed');
      const message = 'internal error; the server log has its cause';
      return { promoted: false, error: { code: 'INTERNAL', message } };
    });
    // What was cut short by stopping is asked again by the next process.
    if (this.#closing && promotion.error) return;
    await store.setPromotion(run.id, promotion);
    this.#change.notify();
  }

  async #stopped(id: string, cancelled: boolean): Promise<void> {
    const run = await this.#settings.store.getRun(id);
    if (cancelled || run?.state === 'cancelling') await this.#end(id, { state: 'cancelled' });
    // Stopping in good order says nothing against the run.
    else await this.#move(id, ACTIVE, { state: 'interrupted', attempts: 0 });
  }

  async #failed(run: RunRecord, error: unknown): Promise<void> {
    const { log, store } = this.#settings;
    const { id } = run;
    const known = error instanceof VigilError ? error : diskFullError(error);
    if (known?.code === 'ENGINE_UNAVAILABLE') {
      const now = await store.getRun(id);
      if (now?.state === 'cancelling') return void (await this.#end(id, { state: 'cancelled' }));
      if (now && now.attempts < MAX_ATTEMPTS) {
        log.warn({ run: runName(id), attempts: now.attempts }, 'training interrupted');
        return void (await this.#move(id, ACTIVE, { state: 'interrupted' }));
      }
    }
    log.error({ run: runName(id), err: error }, 'training failed');
    await this.#end(id, { state: 'failed', error: failureOf(known, MAX_ATTEMPTS) });
  }

  #take(id: string, update: TrainingUpdate, times: StepTimes): void {
    const current = this.#current;
    if (current?.id !== id) return;
    const before = current.live.progress?.checkpointEpoch ?? 0;
    const { store, log } = this.#settings;
    const { progress, epochs } = update;
    if (epochs.length === 0 && update.warnings.length === 0) {
      current.live.take(update, times);
      this.#change.notify();
      return;
    }
    // Epochs are stored before watchers hear of them; a new checkpoint clears the attempts.
    const checkpointed = progress.checkpointEpoch > before ? { attempts: 0 } : {};
    this.#writes = this.#writes
      .then(() => store.addEpochs(id, epochs))
      .then(() => {
        current.live.take(update, times);
        const { warnings } = current.live;
        return store.changeRun(id, ACTIVE, { progress, warnings, ...checkpointed });
      })
      .then(() => this.#change.notify())
      .catch((error: unknown) => log.error({ run: runName(id), err: error }, 'progress cannot be stored'));
  }

  #end(
    id: string,
    change: RunChange,
    from: readonly RunState[] = [...WAITING, ...ACTIVE],
  ): Promise<RunRecord | undefined> {
    return this.#move(id, from, { ...change, endTime: this.#settings.now() });
  }

  async #move(id: string, from: readonly RunState[], change: RunChange): Promise<RunRecord | undefined> {
    const run = await this.#settings.store.changeRun(id, from, change);
    if (run) {
      await this.#countRuns();
      this.#change.notify();
    }
    return run;
  }

  async #countRuns(): Promise<void> {
    const counts = await this.#settings.store.countRuns();
    for (const [state, runs] of Object.entries(counts))
      this.#settings.instruments.trainingRuns.set({ state }, runs);
  }

  /** Before each exposition. */
  collect(): void {
    this.#current?.live.collect();
  }
}

/** Nothing about it will change any more. */
export const isOver = (run: RunRecord): boolean => FINAL_STATES.has(run.state) && !awaitsPromotion(run);
