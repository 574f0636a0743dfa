import { UMAP } from 'umap-js';
import { randomKey, uniformAt } from '../../random.ts';
import { principalComponents } from './principal-components.ts';

/** Components that are kept before the neighbours are looked for, as is usual for images and series. */
const COMPONENTS = 50;
const NEIGHBOURS = 15;
/** Epochs of the layout after which others get the thread. */
const EPOCHS_AT_A_TIME = 20;

/**
 * Rows `[rows, size]` in two dimensions, `[rows, 2]`: principal components, then UMAP (L. McInnes, J. Healy, J. Melville,
 * 2018), 15 neighbours, least distance 0.1. A function of the rows and the seed. `pause` is awaited between parts of the work.
 */
export async function embed(
  values: Float32Array,
  rows: number,
  seed: number,
  pause: () => Promise<void>,
): Promise<Float32Array> {
  const size = values.length / rows;
  const reduced = principalComponents(values, rows, Math.min(COMPONENTS, size, rows - 1), seed);
  await pause();
  const key = randomKey(seed, 'embedding/umap');
  let drawn = 0;
  const umap = new UMAP({
    nComponents: 2,
    nNeighbors: Math.min(NEIGHBOURS, rows - 1),
    minDist: 0.1,
    random: () => uniformAt(key, drawn++),
  });
  const epochs = umap.initializeFit(reduced);
  for (let epoch = 0; epoch < epochs; epoch++) {
    if (epoch % EPOCHS_AT_A_TIME === 0) await pause();
    umap.step();
  }
  return Float32Array.from(umap.getEmbedding().flat());
}
