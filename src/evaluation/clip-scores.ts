import { classRecalls, meanOfKnown } from './recalls.ts';

/** One decision per clip (video). */
export interface ClipDecision {
  readonly accuracy: number;
  readonly macroAccuracy: number;
}

export interface ClipScores {
  /** Clips in all. */
  readonly clips: number;
  /** The class that most rows of the clip are classified as; among equals, the more probable one on average. */
  readonly majority: ClipDecision;
  /** The class with the largest mean probability over the rows of the clip. */
  readonly meanProbability: ClipDecision;
}

interface ClipTally {
  readonly label: number;
  rows: number;
  readonly votes: Float64Array;
  readonly mass: Float64Array;
}

/**
 * Scores clip by clip. A clip is a (group, clip) pair, so that ids may begin anew in every group. Undefined when a clip has
 * rows of two labels: then it is nothing to be decided as one.
 */
export function scoreClips(
  probabilities: Float32Array,
  labels: Uint8Array,
  answers: Uint8Array,
  ids: { groups: ArrayLike<number>; clips: ArrayLike<number> },
  classes: number,
): ClipScores | undefined {
  const tallies = new Map<string, ClipTally>();
  for (let row = 0; row < labels.length; row++) {
    const key = `${ids.groups[row]}/${ids.clips[row]}`;
    const label = labels[row]!;
    const tally = tallies.get(key) ?? {
      label,
      rows: 0,
      votes: new Float64Array(classes),
      mass: new Float64Array(classes),
    };
    if (tally.label !== label) return undefined;
    tallies.set(key, tally);
    tally.rows += 1;
    tally.votes[answers[row]!]! += 1;
    for (let k = 0; k < classes; k++) tally.mass[k]! += probabilities[row * classes + k]!;
  }
  const clips = [...tallies.values()];
  const decide = (answer: (clip: ClipTally) => number): ClipDecision => {
    const truth = Uint8Array.from(clips, ({ label }) => label);
    const decided = Uint8Array.from(clips, answer);
    const right = truth.filter((label, at) => decided[at] === label).length;
    const recalls = classRecalls(truth, decided, Array.from(clips.keys()), classes);
    return { accuracy: right / clips.length, macroAccuracy: meanOfKnown(recalls) };
  };
  return {
    clips: clips.length,
    // A mean probability is too small to change anything but a tie.
    majority: decide(({ rows, votes, mass }) =>
      largest(votes.map((count, k) => count + mass[k]! / (rows + 1))),
    ),
    meanProbability: decide(({ mass }) => largest(mass)),
  };
}

/** The first among equals. */
const largest = (values: Float64Array): number => values.indexOf(Math.max(...values));
