import { VigilError } from '../errors.ts';
import type { Arrays } from '../tensor/engine.ts';

/** TRAINING_DIVERGED with what is not finite, when, and what is left. `what` is "loss joint" or "generator/weights". */
export function diverged(
  what: string,
  term: string,
  value: number,
  iteration: number,
  checkpointEpoch: number,
): VigilError {
  const kept =
    checkpointEpoch > 0 ? `the checkpoint of epoch ${checkpointEpoch} is kept` : 'there was no checkpoint';
  return new VigilError('TRAINING_DIVERGED', `${what} is ${value} at iteration ${iteration}; ${kept}`, {
    metadata: { term, iteration: String(iteration), checkpointEpoch: String(checkpointEpoch) },
  });
}

/**
 * TRAINING_DIVERGED when a weight or moment is not finite. A loss is computed before its update, so the last update of an
 * epoch shows in no loss of it, and would go into its checkpoint.
 */
export function checkState(state: Arrays, iteration: number, checkpointEpoch: number): void {
  for (const [name, values] of Object.entries(state)) {
    const bad = values.find((value) => !Number.isFinite(value));
    if (bad !== undefined) throw diverged(name, name, bad, iteration, checkpointEpoch);
  }
}
