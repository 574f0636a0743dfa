/** Gives a share of an alias's answered rows to its shadow, and counts how the answers differ. */
import type { Logger } from 'pino';
import { topClass } from '../../src/evaluation/metrics.ts';
import { toProbabilities } from '../../src/models/probabilities.ts';
import type { Registry } from '../../src/registry/registry.ts';
import { type TrafficSplit, takes } from '../../src/registry/traffic.ts';
import type { VersionRecord } from '../../src/registry/version.ts';
import type { EngineClient } from '../engine/engine.ts';
import type { Instruments } from '../observability/metrics.ts';
import type { ModelResidency } from './residency.ts';
import type { Route } from './router.ts';

export interface ShadowSettings {
  readonly registry: Registry;
  readonly residency: ModelResidency;
  readonly engine: EngineClient;
  readonly instruments: Pick<Instruments, 'shadowRows' | 'shadowDisagreements' | 'shadowDifference'>;
  readonly log: Logger;
  /** Rows of callers that wait: while there are any, shadows get nothing. */
  readonly pendingRows: () => number;
}

/** Rows as they were asked and answered. */
export interface Answered {
  readonly rows: number;
  /** `[rows, channels, steps]` */
  readonly values: Float32Array;
  /** `[rows, classes]`, as trained: not divided by the temperature. */
  readonly logits: Float32Array;
}

const probabilitiesOf = ({ manifest }: VersionRecord, logits: Float32Array): Float32Array =>
  toProbabilities(logits, manifest.classNames.length, manifest.temperature);

/** A caller that comes during a shadow's run waits for it, so a run is short: no more rows of a request than this. */
const MOST_ROWS = 8;

export class Shadow {
  readonly #settings: ShadowSettings;
  #busy = false;

  constructor(settings: ShadowSettings) {
    this.#settings = settings;
  }

  /** Returns at once; the shadow's turn comes when the answer is on its way. */
  offer({ alias, side, requestId }: Route, version: VersionRecord, answered: Answered): void {
    // What a canary answers says nothing about the alias beside its shadow.
    const split =
      alias === '' || side === 'canary' ? undefined : this.#settings.registry.split(alias, 'shadow');
    if (split && takes(split, requestId)) setImmediate(() => void this.#run(split, version, answered));
  }

  async #run(
    { alias, version }: TrafficSplit,
    primary: VersionRecord,
    { rows, values, logits }: Answered,
  ): Promise<void> {
    const { registry, residency, engine, instruments, log, pendingRows } = this.#settings;
    const { shadowRows } = instruments;
    const free = !this.#busy && pendingRows() === 0 && residency.isLoaded(version);
    const taken = free ? Math.min(rows, MOST_ROWS) : 0;
    if (taken < rows) shadowRows.inc({ alias, outcome: 'dropped' }, rows - taken);
    if (taken === 0) return;
    this.#busy = true;
    const { release } = residency.hold(version);
    try {
      const payload = { version, rows: taken, values: values.subarray(0, (values.length / rows) * taken) };
      const theirs = (await engine.call('shadow', payload)).logits;
      const ours = logits.subarray(0, theirs.length);
      const shadow = registry.resolve(version);
      this.#count(alias, taken, probabilitiesOf(primary, ours), probabilitiesOf(shadow, theirs));
    } catch (error) {
      // Whoever asked has their answer; the engine's own trouble shows elsewhere.
      shadowRows.inc({ alias, outcome: 'failed' }, taken);
      log.warn({ alias, version, err: error }, 'shadow did not answer');
    } finally {
      release();
      this.#busy = false;
    }
  }

  #count(alias: string, rows: number, ours: Float32Array, theirs: Float32Array): void {
    const { shadowRows, shadowDisagreements, shadowDifference } = this.#settings.instruments;
    const classes = ours.length / rows;
    let disagreements = 0;
    for (let row = 0; row < rows; row++)
      if (topClass(ours, row, classes) !== topClass(theirs, row, classes)) disagreements += 1;
    const difference = ours.reduce((sum, value, i) => sum + Math.abs(value - theirs[i]!), 0) / classes;
    shadowRows.inc({ alias, outcome: 'compared' }, rows);
    shadowDisagreements.inc({ alias }, disagreements);
    shadowDifference.inc({ alias }, difference);
  }
}
