/**
 * Area under the ROC curve of scores, by ranks; ties count half (Mann-Whitney). Null when one of the two sides has no
 * row: it is undefined then, not 0.5.
 */
export function rocAuc(scores: ArrayLike<number>, positive: (row: number) => boolean): number | null {
  const order = Array.from({ length: scores.length }, (_, row) => row).sort(
    (a, b) => scores[a]! - scores[b]!,
  );
  let positives = 0;
  let rankSum = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) end += 1;
    const rank = (start + 1 + end) / 2;
    for (let i = start; i < end; i++) {
      if (!positive(order[i]!)) continue;
      positives += 1;
      rankSum += rank;
    }
    start = end;
  }
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return null;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
