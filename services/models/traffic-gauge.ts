import type { Registry } from '../../src/registry/registry.ts';
import type { Instruments } from '../observability/metrics.ts';

/** The shares as they are now; a split that ended has no series. */
export function publishTraffic(
  registry: Registry,
  { modelTraffic }: Pick<Instruments, 'modelTraffic'>,
): void {
  modelTraffic.reset();
  for (const { share, ...labels } of registry.trafficOf()) modelTraffic.set(labels, share);
}
