import type { Regime } from './phase.ts';

/** Options that reach C only through D and G, or say what it makes of G's rows. */
const OF_THE_GENERATOR = [
  'ablate',
  'auxOnFake',
  'correlationTarget',
  'discriminatorLearningRate',
  'diversity',
  'diversityWeight',
  'ganBatches',
  'generatorArchitecture',
  'generatorLearningRate',
  'lambdaCls',
  'lambdaCorr',
  'lambdaOpt',
  'latentSize',
  'realTarget',
  'syntheticMixing',
  'syntheticWeights',
] as const;

/**
 * Warnings about options that were given and change nothing. They are no errors: the rows of one experiment share their
 * options, whichever regime a row has.
 */
export function vainOptionWarnings(given: unknown, { name, adversarial }: Regime): string[] {
  if (adversarial || typeof given !== 'object' || given === null) return [];
  return OF_THE_GENERATOR.filter((option) => option in given).map(
    (option) => `options.${option} changes nothing: ${name} trains no generator`,
  );
}
