/** The gateway's side of an engine process: forks it, watches it, starts it again, and never waits for it in vain. */
import type { ChildProcess } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { VigilError } from '../../src/errors.ts';
import type { TrainingUpdate } from '../../src/training/progress.ts';
import { BATCH_DESCRIPTOR, BatchSender } from './batch-channel.ts';
import type { EngineClient, EngineFault } from './engine.ts';
import { forkWorker } from './fork-worker.ts';
import { PendingCalls } from './pending-calls.ts';
import type {
  EngineCall,
  EngineCalls,
  EngineInfo,
  EngineMessage,
  EngineProcessSettings,
  StepTimes,
} from './protocol.ts';
import { beatMs, type EngineLimits, faultOf, STEADY_MS } from './watchdog.ts';
import { fromWireError } from './wire-error.ts';

export interface EngineHostSettings extends EngineProcessSettings, EngineLimits {
  readonly log: Logger;
  /** Pause before the first restart; doubles up to 30 times as long while starts fail. Default 200. */
  readonly restartDelayMs?: number;
  /** Hears of each heartbeat's memory, in bytes by pool. */
  readonly onMemory?: (memory: Readonly<Record<string, number>>) => void;
}

type Listener<A extends unknown[]> = (...args: A) => void;

/** How long a process may take to end after its channel closed, and after SIGTERM. */
const LEAVE_MS = 2000;
/** Lines of a dead process's stderr that the log repeats. */
const LAST_WORDS = 20;
/** What a process that is replaced gets to finish what it was asked. */
const FINISH_MS = 5000;

export class EngineHost implements EngineClient {
  readonly role: EngineClient['role'];
  readonly #settings: EngineHostSettings;
  readonly #pending = new PendingCalls();
  readonly #up = new Set<Listener<[EngineInfo]>>();
  readonly #down = new Set<Listener<[string, EngineFault]>>();
  readonly #training = new Set<Listener<[string, TrainingUpdate, StepTimes]>>();
  #child: ChildProcess | undefined;
  /** One for each instance. */
  #batches: readonly BatchSender[] = [];
  #info: EngineInfo | undefined;
  #lastWords: string[] = [];
  /** Milliseconds of `performance.now`. */
  #heardAt = 0;
  #beatAt = 0;
  #upSince = 0;
  #rss = 0;
  /** Why the process of the moment is being ended. */
  #fault: EngineFault | undefined;
  #failures = 0;
  #heartbeat: NodeJS.Timeout | undefined;
  #restart: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  private constructor(settings: EngineHostSettings) {
    this.role = settings.role;
    this.#settings = settings;
  }

  /** Starts a process and waits until it is ready. ENGINE_REFUSED when it cannot run here; the caller closes. */
  static async open(settings: EngineHostSettings): Promise<EngineHost> {
    const host = new EngineHost(settings);
    await host.#start();
    return host;
  }

  get info(): EngineInfo | undefined {
    return this.#info;
  }

  call<C extends EngineCall>(
    call: C,
    payload: EngineCalls[C]['request'],
    signal?: AbortSignal,
  ): Promise<EngineCalls[C]['reply']> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const child = this.#child;
    if (!this.#info || !child) return Promise.reject(unavailable('the engine is restarting'));
    const batch = call === 'classify' ? (payload as EngineCalls['classify']['request']) : undefined;
    const { id, reply } = this.#pending.add<EngineCalls[C]['reply']>(signal, batch?.instance);
    // A process that cannot be told anything is at its end, and that end rejects the call.
    if (!child.connected) return reply;
    if (batch) this.#batches[batch.instance]!.send(id, batch);
    else
      child.send({ id, call, payload }, (error) => {
        if (error) child.kill('SIGKILL');
      });
    return reply;
  }

  onUp(listener: Listener<[EngineInfo]>): () => void {
    return subscribe(this.#up, listener);
  }

  onDown(listener: Listener<[string, EngineFault]>): () => void {
    return subscribe(this.#down, listener);
  }

  onTraining(listener: Listener<[string, TrainingUpdate, StepTimes]>): () => void {
    return subscribe(this.#training, listener);
  }

  /** Ends the process: closes its channel, then SIGTERM, then SIGKILL. Calls in flight are ENGINE_UNAVAILABLE. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearTimeout(this.#restart);
    clearInterval(this.#heartbeat);
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    if (child.connected) child.disconnect();
    // The worker ignores SIGTERM while it is connected, so that a signal to the group does not end it early.
    const term = setTimeout(() => child.kill('SIGTERM'), LEAVE_MS);
    const kill = setTimeout(() => child.kill('SIGKILL'), 2 * LEAVE_MS);
    await gone;
    clearTimeout(term);
    clearTimeout(kill);
  }

  /** Forks; resolves at "ready", rejects at "refused" or an early end. */
  #start(): Promise<void> {
    const { role, log } = this.#settings;
    const child = forkWorker(this.#settings);
    this.#child = child;
    this.#lastWords = [];
    const onReply: ConstructorParameters<typeof BatchSender>[1] = (id, answer) => {
      this.#heardAt = performance.now();
      this.#pending.resolve(id, answer);
    };
    const sockets = child.stdio.slice(BATCH_DESCRIPTOR) as Duplex[];
    this.#batches = sockets.map((socket) => new BatchSender(socket, onReply));
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (text) => this.#listen(String(text)));
    return new Promise((resolve, reject) => {
      child.on('message', (message: EngineMessage) => {
        this.#heardAt = performance.now();
        if (message.kind === 'ready') {
          this.#ready(message.info);
          resolve();
        } else if (message.kind === 'refused') {
          log.error({ role, reason: message.error.message }, 'engine refused');
          reject(fromWireError(message.error));
        } else this.#receive(message);
      });
      child.once('error', (cause) =>
        reject(new VigilError('INTERNAL', 'the engine cannot be forked', { cause })),
      );
      // Without a channel it can serve no more; it ends itself, or is made to.
      child.once('disconnect', () => {
        const kill = setTimeout(() => child.kill('SIGKILL'), LEAVE_MS);
        child.once('exit', () => clearTimeout(kill));
      });
      child.once('exit', (code, signal) => {
        const reason = signal ? `killed by ${signal}` : `exit code ${code}`;
        this.#gone(reason);
        reject(unavailable(`the engine ended before it was ready: ${reason}`));
      });
    });
  }

  #ready(info: EngineInfo): void {
    const { log, role } = this.#settings;
    this.#info = info;
    this.#upSince = performance.now();
    this.#beatAt = this.#upSince;
    this.#rss = 0;
    log.info({ role, ...info }, 'engine ready');
    clearInterval(this.#heartbeat);
    this.#heartbeat = setInterval(() => this.#beat(), beatMs(this.#settings)).unref();
    for (const listener of [...this.#up]) listener(info);
  }

  #receive(message: Exclude<EngineMessage, { kind: 'ready' | 'refused' }>): void {
    switch (message.kind) {
      case 'reply':
        this.#pending.resolve(message.id, message.payload);
        return;
      case 'failure':
        this.#pending.reject(message.id, fromWireError(message.error));
        return;
      case 'log':
        this.#settings.log[message.level]({ role: this.role, ...message.fields }, message.text);
        return;
      case 'training':
        for (const listener of [...this.#training]) listener(message.run, message.update, message.times);
    }
  }

  #beat(): void {
    const now = performance.now();
    const late = now - this.#beatAt > 2 * beatMs(this.#settings);
    this.#beatAt = now;
    this.call('ping', {}).then(
      ({ memory }) => {
        this.#rss = memory.rss ?? 0;
        this.#settings.onMemory?.(memory);
      },
      () => {},
    );
    // Whoever slept was this process: what the engine said meanwhile is still to be read.
    if (late) return;
    const signs = {
      silentMs: now - this.#heardAt,
      stalledMs: this.#pending.stalledMs,
      upMs: now - this.#upSince,
      rss: this.#rss,
    };
    const fault = faultOf(signs, this.#settings);
    if (!fault || this.#fault) return;
    this.#fault = fault;
    const { role } = this;
    this.#settings.log.error({ role, fault, ...signs }, 'engine is replaced');
    if (fault === 'hang') this.#child?.kill('SIGKILL');
    else void this.#retire();
  }

  /** Gives the process nothing new, lets it finish, and ends it. */
  async #retire(): Promise<void> {
    const child = this.#child;
    this.#announceDown('replaced because of its memory');
    await Promise.race([this.#pending.settled(), sleep(FINISH_MS, undefined, { ref: false })]);
    child?.kill('SIGKILL');
  }

  #listen(text: string): void {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    this.#lastWords = [...this.#lastWords, ...lines].slice(-LAST_WORDS);
    for (const line of lines) this.#settings.log.debug({ role: this.role, line }, 'engine output');
  }

  #announceDown(reason: string): void {
    clearInterval(this.#heartbeat);
    if (!this.#info) return;
    this.#info = undefined;
    if (this.#closing) return;
    for (const listener of [...this.#down]) listener(reason, this.#fault ?? 'exit');
  }

  #gone(reason: string): void {
    const { log, role, restartDelayMs = 200 } = this.#settings;
    const wasUp = this.#info !== undefined || this.#fault !== undefined;
    this.#announceDown(reason);
    this.#fault = undefined;
    this.#pending.rejectAll(unavailable('the engine went away; it is being restarted'));
    if (this.#closing) return;
    if (!wasUp && this.#upSince === 0) return;
    log.error({ role, reason, lastWords: this.#lastWords }, 'engine went away');
    this.#failures = wasUp && performance.now() - this.#upSince > STEADY_MS ? 0 : this.#failures + 1;
    const delay = restartDelayMs * Math.min(30, 2 ** Math.max(0, this.#failures - 1));
    this.#restart = setTimeout(() => this.#start().catch(() => {}), this.#failures === 0 ? 0 : delay);
  }
}

/** Starts a process only to ask what it chose and what it refused; ends it. */
export async function probeEngine(settings: EngineHostSettings): Promise<EngineInfo> {
  const host = await EngineHost.open(settings);
  const { info } = host;
  await host.close();
  return info!;
}

function subscribe<L>(listeners: Set<L>, listener: L): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function unavailable(message: string, cause?: unknown): VigilError {
  return new VigilError('ENGINE_UNAVAILABLE', message, { retryAfterMs: 500, cause });
}
