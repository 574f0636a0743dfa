/** Counts calls that belong to the measurement. */
import { Histogram } from './histogram.ts';
import type { LoadReport } from './plan.ts';
import type { Outcome } from './unary-call.ts';

/** RESOURCE_EXHAUSTED, UNAVAILABLE. */
const REFUSALS: readonly unknown[] = [8, 14];

export class Tally {
  readonly #timeoutMs: number;
  readonly #latency = new Histogram();
  readonly #service = new Histogram();
  readonly #refusal = new Histogram();
  readonly #late = new Histogram();
  readonly #outcomes = new Map<string, number>();
  #began = 0;
  #cpu: NodeJS.CpuUsage | undefined;
  #ended: { seconds: number; cpuSeconds: number } | undefined;

  /** Good answers that come more than `timeoutMs` after the call was due are counted as late. */
  constructor(timeoutMs = Number.POSITIVE_INFINITY) {
    this.#timeoutMs = timeoutMs;
  }

  /** The measurement begins at `now`, milliseconds. */
  begin(now: number): void {
    this.#began = now;
    this.#cpu = process.cpuUsage();
  }

  get begun(): boolean {
    return this.#cpu !== undefined;
  }

  /** Whether a call that was due then belongs to the measurement, as far as is known now. */
  covers(due: number): boolean {
    return this.begun && due >= this.#began && !this.over;
  }

  get over(): boolean {
    return this.#ended !== undefined;
  }

  /** The measurement ends; calls that are answered later may still be counted (`count`). */
  end(now: number): void {
    const { user, system } = process.cpuUsage(this.#cpu);
    this.#ended ??= { seconds: (now - this.#began) / 1000, cpuSeconds: (user + system) / 1e6 };
  }

  count(outcome: Outcome | 'unanswered', due: number, sent: number, now: number): void {
    const good = outcome === 0 && now - due <= this.#timeoutMs;
    const name = outcome === 0 && !good ? 'late' : String(outcome);
    this.#outcomes.set(name, (this.#outcomes.get(name) ?? 0) + 1);
    if (good) {
      this.#latency.record(now - due);
      this.#service.record(now - sent);
    } else if (REFUSALS.includes(outcome)) this.#refusal.record(now - sent);
    this.#late.record(sent - due);
  }

  report(): LoadReport {
    const { seconds, cpuSeconds } = this.#ended ?? { seconds: 0, cpuSeconds: 0 };
    return {
      seconds,
      rps: seconds === 0 ? 0 : this.#latency.count / seconds,
      outcomes: Object.fromEntries(this.#outcomes),
      latency: this.#latency.percentiles(),
      service: this.#service.percentiles(),
      refusal: this.#refusal.percentiles(),
      late: this.#late.percentiles(),
      cpuShare: seconds === 0 ? 0 : cpuSeconds / seconds,
    };
  }
}
