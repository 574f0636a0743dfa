/** A drift monitor for each alias that is asked, and their gauges. */
import { DriftMonitor } from '../../src/drift/monitor.ts';
import { topClass } from '../../src/evaluation/metrics.ts';
import type { Registry } from '../../src/registry/registry.ts';
import type { VersionRecord } from '../../src/registry/version.ts';
import type { Instruments } from '../observability/metrics.ts';
import type { Route } from './router.ts';
import type { Answered } from './shadow.ts';

export interface DriftObserverSettings {
  readonly registry: Registry;
  readonly instruments: Pick<Instruments, 'inputDrift' | 'inputOutOfRange' | 'predictionDrift'>;
  /** Rows that a monitor remembers, about; 0 turns it off. */
  readonly windowRows: number;
}

interface Watched {
  readonly version: VersionRecord;
  /** Undefined for bundles of earlier versions of Vigil, which have nothing to compare with. */
  readonly monitor: DriftMonitor | undefined;
}

export class DriftObserver {
  readonly #settings: DriftObserverSettings;
  readonly #watched = new Map<string, Watched>();

  constructor(settings: DriftObserverSettings) {
    this.#settings = settings;
  }

  /** Counts rows that an alias's own version answered; a canary's rows are a fair sample of the same and change nothing. */
  seen({ alias, side }: Route, version: VersionRecord, { rows, values, logits }: Answered): void {
    const { windowRows } = this.#settings;
    if (alias === '' || side === 'canary' || windowRows === 0) return;
    let watched = this.#watched.get(alias);
    if (watched?.version.version !== version.version) {
      watched = { version, monitor: openMonitor(version, windowRows) };
      this.#watched.set(alias, watched);
    }
    if (!watched.monitor) return;
    const classes = version.manifest.classNames.length;
    const topClasses = Uint16Array.from({ length: rows }, (_, row) => topClass(logits, row, classes));
    watched.monitor.see(rows, values, topClasses);
  }

  /** Sets the gauges to what is known now. */
  collect(): void {
    const { registry, instruments } = this.#settings;
    const { inputDrift, inputOutOfRange, predictionDrift } = instruments;
    for (const gauge of [inputDrift, inputOutOfRange, predictionDrift]) gauge.reset();
    for (const [alias, { version, monitor }] of this.#watched) {
      // A version that the alias has left says nothing of what the alias is asked now.
      const report = registry.aliases().get(alias) === version.version ? monitor?.report() : undefined;
      if (!report) continue;
      version.manifest.channelNames.forEach((channel, i) => {
        inputDrift.set({ alias, channel }, report.channelPsi[i]!);
        inputOutOfRange.set({ alias, channel }, report.outOfRange[i]!);
      });
      predictionDrift.set({ alias }, report.predictionPsi);
    }
  }
}

function openMonitor({ manifest }: VersionRecord, windowRows: number): DriftMonitor | undefined {
  const { drift: reference, limits, evaluation, steps, classNames } = manifest;
  if (!reference) return undefined;
  const predictions = classNames.map((_, k) =>
    evaluation.confusion.reduce((sum, { counts }) => sum + counts[k]!, 0),
  );
  return new DriftMonitor({ reference, limits, predictions, steps, windowRows });
}
