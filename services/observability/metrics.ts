import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { METRICS } from './metric-catalogue.ts';

type Catalogue = typeof METRICS;
type Label<K extends keyof Catalogue> = Catalogue[K]['labels'][number];
type Instrument<K extends keyof Catalogue> = Catalogue[K]['type'] extends 'histogram'
  ? Histogram<Label<K>>
  : Catalogue[K]['type'] extends 'counter'
    ? Counter<Label<K>>
    : Gauge<Label<K>>;

/** Every family of the catalogue as a prom-client object, typed with its labels. */
export type Instruments = { readonly [K in keyof Catalogue]: Instrument<K> };

export interface Metrics {
  readonly instruments: Instruments;
  /** Runs before each exposition: for values that change with time alone. */
  onCollect(update: () => void): void;
  /** The exposition and its content type. */
  expose(): Promise<{ body: string; contentType: string }>;
}

/** A registry of its own per server, with the process's defaults (event-loop lag, memory, GC). */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const instruments = Object.fromEntries(
    Object.entries(METRICS).map(([key, family]) => {
      const settings = {
        name: family.name,
        help: family.help,
        labelNames: [...family.labels],
        registers: [registry],
      };
      switch (family.type) {
        case 'histogram':
          return [key, new Histogram({ ...settings, buckets: [...family.buckets] })];
        case 'counter':
          return [key, new Counter(settings)];
        default:
          return [key, new Gauge(settings)];
      }
    }),
  );
  const updates: (() => void)[] = [];
  return {
    instruments: instruments as Instruments,
    onCollect: (update) => void updates.push(update),
    expose: async () => {
      for (const update of updates) update();
      return { body: await registry.metrics(), contentType: registry.contentType };
    },
  };
}
