/** Rows of one run of G. Fixed: see `Sampler.sample`. */
export const BLOCK = 32;

/** The part of a block that lies in a stretch of rows. */
interface BlockPart {
  readonly block: number;
  /** Rows of the block: `from` and those before `to`. */
  readonly from: number;
  readonly to: number;
  /** Where they begin in the stretch. */
  readonly at: number;
}

/** Rows `firstRow .. firstRow + rows - 1` in whole blocks, in order. */
export function blocksOf(firstRow: number, rows: number): BlockPart[] {
  const parts: BlockPart[] = [];
  for (let row = firstRow; row < firstRow + rows; ) {
    const block = Math.floor(row / BLOCK);
    const from = row - block * BLOCK;
    const to = Math.min(BLOCK, firstRow + rows - block * BLOCK);
    parts.push({ block, from, to, at: row - firstRow });
    row += to - from;
  }
  return parts;
}
