/** Counts calls that belong to the measurement. */
import { Histogram } from './histogram.ts';
import type { LoadReport } from './plan.ts';
import type { Outcome } from './unary-connection.ts';

export class Tally {
  readonly #latency = new Histogram();
  readonly #service = new Histogram();
  readonly #refusal = new Histogram();
  readonly #late = new Histogram();
  readonly #outcomes = new Map<string, number>();
  #began = 0;
  #cpu: NodeJS.CpuUsage | undefined;
  #ended: { seconds: number; cpuSeconds: number } | undefined;

  /** The measurement begins at `now`, milliseconds. */
  begin(now: number): void {
    this.#began = now;
    this.#cpu = process.cpuUsage();
  }

  get begun(): boolean {
    return this.#cpu !== undefined;
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
    this.#outcomes.set(String(outcome), (this.#outcomes.get(String(outcome)) ?? 0) + 1);
    if (outcome === 0) {
      this.#latency.record(now - due);
      this.#service.record(now - sent);
    } else this.#refusal.record(now - sent);
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
