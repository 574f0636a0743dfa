import type { EpochWatch } from '../../src/evaluation/history.ts';
import type { Instruments } from '../observability/metrics.ts';

/** Shows an epoch's watch; what the epoch did not look at stays as it was. */
export function showWatch(instruments: Instruments, watch: EpochWatch): void {
  const { trainingAccuracy, trainingCorrelation, trainingDiscriminator } = instruments;
  const { trainingGradientNorm, trainingNearestRatio } = instruments;
  trainingAccuracy.set(watch.trainingMacroAccuracy);
  for (const [network, norm] of Object.entries(watch.gradientNorms))
    trainingGradientNorm.set({ network }, norm);
  for (const { className, realReal, genGen, genReal, nearestRatio } of watch.classes) {
    if (realReal !== null) trainingCorrelation.set({ class: className, pair: 'real_real' }, realReal);
    trainingCorrelation.set({ class: className, pair: 'gen_gen' }, genGen);
    trainingCorrelation.set({ class: className, pair: 'gen_real' }, genReal);
    if (nearestRatio !== null) trainingNearestRatio.set({ class: className }, nearestRatio);
  }
  if (watch.discriminator) {
    trainingDiscriminator.set({ rows: 'real' }, watch.discriminator.real);
    trainingDiscriminator.set({ rows: 'generated' }, watch.discriminator.fake);
  }
}

/** No run is in progress any more. */
export function hideWatch(instruments: Instruments): void {
  instruments.trainingAccuracy.set(0);
  instruments.trainingCorrelation.reset();
  instruments.trainingDiscriminator.reset();
  instruments.trainingGradientNorm.reset();
  instruments.trainingNearestRatio.reset();
}
