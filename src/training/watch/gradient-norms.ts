import { NETWORKS } from '../../models/networks.ts';
import type { Arrays } from '../../tensor/engine.ts';
import { ADVERSARIAL_ADAM, CLASSIFIER_ADAM } from '../adam.ts';
import type { RunCounters } from '../checkpoint.ts';
import { stateKeys } from '../steps/network-state.ts';

/**
 * Root mean square norm of each network's gradient, by network. Adam's second moment is a running mean of the gradient's
 * squares over some 1 / (1 - beta2) = 1,000 updates, here without its bias towards 0, so that steps need not compute a norm.
 * Networks without an update have none.
 */
export function gradientNorms(state: Arrays, updates: RunCounters['updates']): Record<string, number> {
  const trained = NETWORKS.filter((network) => updates[network] > 0);
  return Object.fromEntries(
    trained.map((network) => {
      const { beta2 } = network === 'classifier' ? CLASSIFIER_ADAM : ADVERSARIAL_ADAM;
      const total = state[stateKeys(network).moment2]!.reduce((sum, square) => sum + square, 0);
      return [network, Math.sqrt(total / (1 - beta2 ** updates[network]))];
    }),
  );
}
