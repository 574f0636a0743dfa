/** `[rows, a]` and `[rows, b]` side by side: `[rows, a + b]`. */
export function joinColumns(rows: number, left: Float32Array, right: Float32Array): Float32Array {
  const [a, b] = [left.length / rows, right.length / rows];
  const out = new Float32Array(left.length + right.length);
  for (let row = 0; row < rows; row++) {
    out.set(left.subarray(row * a, (row + 1) * a), row * (a + b));
    out.set(right.subarray(row * b, (row + 1) * b), row * (a + b) + a);
  }
  return out;
}

/** Undoes `joinColumns`: the first `classes` columns, and the others. */
export function splitColumns(
  rows: number,
  joined: Float32Array,
  classes: number,
): { logits: Float32Array; embedding: Float32Array } {
  const width = joined.length / rows;
  const logits = new Float32Array(rows * classes);
  const embedding = new Float32Array(joined.length - logits.length);
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    logits.set(joined.subarray(start, start + classes), row * classes);
    embedding.set(joined.subarray(start + classes, start + width), row * (width - classes));
  }
  return { logits, embedding };
}
