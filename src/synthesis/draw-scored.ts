import type { SampleUnits } from '../models/spec.ts';
import { blocksOf } from './blocks.ts';
import type { RowScorer } from './row-scorer.ts';
import type { ScoredRows, ScoreName } from './row-scores.ts';
import type { Sampler } from './sampler.ts';

/** Rows as `Sampler.sample` draws them, to the bit, with the scores that are `wanted`. */
export async function drawScored(
  { sampler, scorer }: { readonly sampler: Sampler; readonly scorer: RowScorer },
  asked: {
    readonly classIndex: number;
    readonly seed: number;
    readonly firstRow: number;
    readonly rows: number;
    readonly units: SampleUnits;
  },
  wanted: readonly ScoreName[],
): Promise<ScoredRows> {
  const { classIndex, seed, firstRow, rows, units } = asked;
  if (wanted.length === 0)
    return { values: await sampler.sample(classIndex, seed, firstRow, rows, units), scores: {} };
  const { rowSize } = sampler;
  const values = new Float32Array(rows * rowSize);
  const scores = Object.fromEntries(wanted.map((name) => [name, new Float32Array(rows)]));
  for (const { block, from, to, at } of blocksOf(firstRow, rows)) {
    const samples = await sampler.block(classIndex, seed, block, units);
    const ofBlock = await scorer.score(samples, classIndex, units, wanted);
    values.set(samples.subarray(from * rowSize, to * rowSize), at * rowSize);
    for (const name of wanted) scores[name]!.set(ofBlock[name]!.subarray(from, to), at);
  }
  return { values, scores };
}
