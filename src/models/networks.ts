import { classifierLayout } from './classifier.ts';
import { discriminatorLayout } from './discriminator.ts';
import { generatorLayout } from './generator.ts';
import type { Layout } from './parameters.ts';
import type { ModelSpec } from './spec.ts';

export const NETWORKS = ['generator', 'discriminator', 'classifier'] as const;
export type NetworkName = (typeof NETWORKS)[number];

const LAYOUTS: Readonly<Record<NetworkName, (spec: ModelSpec) => Layout>> = {
  generator: generatorLayout,
  discriminator: discriminatorLayout,
  classifier: classifierLayout,
};

/** The parameters of a network at a spec's sizes. */
export function layoutOf(network: NetworkName, spec: ModelSpec): Layout {
  return LAYOUTS[network](spec);
}

/** Name of the network's flat parameter vector in the engine's state. */
export const weightsKey = (network: NetworkName): string => `${network}/weights`;
