import { layoutOf, type NetworkName, weightsKey } from '../../models/networks.ts';
import { cut, type Layout, layoutSize, named, type Weights } from '../../models/parameters.ts';
import type { ModelSpec } from '../../models/spec.ts';
import { type AdamSettings, adamUpdate } from '../../tensor/adam-update.ts';
import type { Shapes, Tensors } from '../../tensor/engine.ts';
import { type Objective, valueAndGradients } from '../../tensor/gradients.ts';
import { concat, reshape, type Tensor } from '../../tensor/ops.ts';

/** Names of a trained network's tensors in the engine's state: flat parameters and Adam's moments. */
export const stateKeys = (network: NetworkName): { weights: string; moment1: string; moment2: string } => ({
  weights: weightsKey(network),
  moment1: `${network}/moment1`,
  moment2: `${network}/moment2`,
});

/** State of a network that a step trains. */
export function trainedShapes(network: NetworkName, spec: ModelSpec): Shapes {
  const shape = [layoutSize(layoutOf(network, spec))];
  const { weights, moment1, moment2 } = stateKeys(network);
  return { [weights]: shape, [moment1]: shape, [moment2]: shape };
}

/** State of a network that a step only uses. */
export function usedShapes(network: NetworkName, spec: ModelSpec): Shapes {
  return { [weightsKey(network)]: [layoutSize(layoutOf(network, spec))] };
}

/** The parameters of a network that a step only uses: no gradient reaches them. */
export function fixedWeights(network: NetworkName, spec: ModelSpec, state: Tensors): Weights {
  const layout = layoutOf(network, spec);
  return named(layout, cut(layout, state[weightsKey(network)]!));
}

/** Differentiates the objective by all parameters of `network` and updates them and their moments with Adam. */
export function minimise(
  network: NetworkName,
  spec: ModelSpec,
  settings: AdamSettings,
  state: Tensors,
  rate: Tensor,
  objective: (weights: Weights) => Objective,
): { readonly aux: Tensors; readonly state: Tensors } {
  const layout: Layout = layoutOf(network, spec);
  const keys = stateKeys(network);
  const flat = state[keys.weights]!;
  const { aux, gradients } = valueAndGradients(cut(layout, flat), (tensors) =>
    objective(named(layout, tensors)),
  );
  const gradient = concat(gradients.map((tensor) => reshape(tensor, [-1])));
  const before = { weights: flat, moment1: state[keys.moment1]!, moment2: state[keys.moment2]! };
  const after = adamUpdate(settings, before, gradient, rate);
  return {
    aux,
    state: { [keys.weights]: after.weights, [keys.moment1]: after.moment1, [keys.moment2]: after.moment2 },
  };
}
