/** Which rows go into which batch: pure functions of (seed, step), so that a resumed run meets the same batches. */
import { permutation, randomKey } from '../random.ts';
import type { Dataset } from './dataset.ts';

/** Rows of every class among `rows`, in order; `[classes]`. */
export function rowsByClass(dataset: Dataset, rows: Uint32Array): Uint32Array[] {
  return dataset.classNames.map((_, label) => rows.filter((row) => dataset.labels[row] === label));
}

/** The rows' values, `[rows, size]`, from `[all rows, size]`. */
export function gatherRows(values: Float32Array, size: number, rows: Uint32Array): Float32Array {
  const out = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    out.set(values.subarray(row * size, (row + 1) * size), i * size);
  });
  return out;
}

/** Permutations of one list, one per epoch; the latest is kept, any can be asked for. */
function shuffles(
  rows: Uint32Array,
  seed: number,
  purpose: string,
  stream: number,
): (epoch: number) => Uint32Array {
  let kept: { epoch: number; order: Uint32Array } | undefined;
  return (epoch) => {
    if (kept?.epoch !== epoch) {
      const order = permutation(randomKey(seed, purpose, stream, epoch), rows.length);
      kept = { epoch, order: order.map((at) => rows[at]!) };
    }
    return kept.order;
  };
}

/**
 * Batches as the data comes: every epoch of ceil(rows / batch) steps is one permutation of the rows. The last batch of
 * an epoch is filled up with the first rows of the same permutation, because compiled steps have a fixed batch size.
 */
export function createNaturalBatches(settings: {
  rows: Uint32Array;
  batchSize: number;
  seed: number;
}): (step: number) => Uint32Array {
  const { rows, batchSize, seed } = settings;
  const perEpoch = Math.ceil(rows.length / batchSize);
  const epochOrder = shuffles(rows, seed, 'batches/natural', 0);
  return (step) => {
    const order = epochOrder(Math.floor(step / perEpoch));
    const start = (step % perEpoch) * batchSize;
    return Uint32Array.from({ length: batchSize }, (_, i) => order[(start + i) % order.length]!);
  };
}

/**
 * Class-balanced batches: slot i of step s goes to class (s * batch + i) mod classes, so that counts differ by at most
 * one and even out over the steps. Each class goes through its own rows in a new permutation every time round.
 */
export function createBalancedBatches(settings: {
  rowsByClass: readonly Uint32Array[];
  batchSize: number;
  seed: number;
}): (step: number) => Uint32Array {
  const { rowsByClass: classes, batchSize, seed } = settings;
  const orders = classes.map((rows, label) => shuffles(rows, seed, 'batches/balanced', label));
  return (step) =>
    Uint32Array.from({ length: batchSize }, (_, i) => {
      const slot = step * batchSize + i;
      const label = slot % classes.length;
      const turn = Math.floor(slot / classes.length);
      const { length } = classes[label]!;
      return orders[label]!(Math.floor(turn / length))[turn % length]!;
    });
}
