import { distancesFrom } from './distances.ts';

/** How far apart classes lie among points. */
export interface ClassSeparation {
  /**
   * Mean silhouette, -1 to 1: how much nearer a point is to its own class than to the nearest other one (Rousseeuw 1987).
   * The mean over classes of the means of their points, so that a large class does not stand for all.
   */
  readonly silhouette: number;
  /**
   * Share of a point's k nearest neighbours that are of its class, mean over classes of the means of their points. With
   * groups, neighbours are points of other groups: windows of one recording lie side by side whatever a network has learned.
   */
  readonly purity: number;
}

/**
 * Separation of the classes of `values` `[rows, size]` with `labels` and `groups` `[rows]`. A class with a single row has no
 * silhouette of its own (0, as Rousseeuw has it). Time grows with the square of the rows.
 */
export function separateClasses(
  values: Float32Array,
  labels: Uint8Array,
  classes: number,
  neighbours: number,
  groups?: ArrayLike<number>,
): ClassSeparation {
  const rows = labels.length;
  const size = values.length / rows;
  const counts = new Float64Array(classes);
  for (const label of labels) counts[label]! += 1;
  const silhouettes = new Float64Array(classes);
  const purities = new Float64Array(classes);
  const distances = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    distancesFrom(row, values, size, distances);
    const label = labels[row]!;
    silhouettes[label]! += silhouetteOf(distances, labels, label, counts);
    const isOther = (other: number): boolean => (groups ? groups[other] !== groups[row] : other !== row);
    purities[label]! += purityOf(distances, labels, label, neighbours, isOther);
  }
  const meanOverClasses = (sums: Float64Array): number => {
    const present = [...sums].flatMap((sum, k) => (counts[k]! > 0 ? [sum / counts[k]!] : []));
    return present.reduce((total, mean) => total + mean, 0) / present.length;
  };
  return { silhouette: meanOverClasses(silhouettes), purity: meanOverClasses(purities) };
}

function silhouetteOf(
  distances: Float64Array,
  labels: Uint8Array,
  label: number,
  counts: Float64Array,
): number {
  if (counts[label] === 1) return 0;
  const sums = new Float64Array(counts.length);
  distances.forEach((distance, other) => {
    sums[labels[other]!]! += distance;
  });
  // The distance of the point to itself is 0, and it is not one of its own neighbours.
  const own = sums[label]! / (counts[label]! - 1);
  let nearest = Number.POSITIVE_INFINITY;
  for (let k = 0; k < counts.length; k++) {
    if (k !== label && counts[k]! > 0) nearest = Math.min(nearest, sums[k]! / counts[k]!);
  }
  const widest = Math.max(own, nearest);
  return widest > 0 && Number.isFinite(nearest) ? (nearest - own) / widest : 0;
}

/** The k nearest of the others by insertion into a short sorted list; equal distances count by row number. 0 without others. */
function purityOf(
  distances: Float64Array,
  labels: Uint8Array,
  label: number,
  k: number,
  isOther: (row: number) => boolean,
): number {
  const nearest: number[] = [];
  for (let other = 0; other < distances.length; other++) {
    if (nearest.length === k && distances[other]! >= distances[nearest[k - 1]!]!) continue;
    if (!isOther(other)) continue;
    let at = nearest.length;
    while (at > 0 && distances[nearest[at - 1]!]! > distances[other]!) at -= 1;
    nearest.splice(at, 0, other);
    if (nearest.length > k) nearest.pop();
  }
  if (nearest.length === 0) return 0;
  return nearest.filter((other) => labels[other] === label).length / nearest.length;
}
