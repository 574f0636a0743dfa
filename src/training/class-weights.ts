/** Constants per class that losses of C use, from the training rows per class alone. */

/** N / (classes x rows of the class): inverse frequency with mean 1 over the training rows, `[classes]`. */
export function inverseFrequencyWeights(classRows: readonly number[]): number[] {
  const rows = classRows.reduce((total, count) => total + count, 0);
  return classRows.map((count) => rows / (classRows.length * count));
}

/** tau log prior, `[classes]`. */
export function logitOffsets(classRows: readonly number[], tau: number): number[] {
  const rows = classRows.reduce((total, count) => total + count, 0);
  return classRows.map((count) => tau * Math.log(count / rows));
}
