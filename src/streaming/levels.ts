/** Levels with hysteresis: entered at one score, left at a lower one. */

/** A level above the lowest. */
export interface LevelRule {
  readonly name: string;
  /** Indices of the model's classes. */
  readonly classes: readonly number[];
  /** Entered at this score or more. */
  readonly enter: number;
  /** Left below this score; at most `enter`. */
  readonly leave: number;
}

/**
 * The level after `probabilities`, as an index where 0 is the lowest and i is `rules[i - 1]`. A level's score is the
 * probability of its classes and of all levels above, so that being very drowsy never reads as being less than drowsy.
 * Up: to the highest level whose `enter` is reached. Down: to the highest one whose `leave` is still reached.
 */
export function nextLevel(
  current: number,
  probabilities: ArrayLike<number>,
  rules: readonly LevelRule[],
): number {
  let score = 0;
  let kept = 0;
  for (let level = rules.length; level > 0; level--) {
    const { classes, enter, leave } = rules[level - 1]!;
    for (const index of classes) score += probabilities[index]!;
    if (level > current && score >= enter) return level;
    if (level <= current && kept === 0 && score >= leave) kept = level;
  }
  return kept;
}
