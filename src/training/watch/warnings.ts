import type { EpochRecord } from '../../evaluation/history.ts';

/** r(gen, gen) above r(real, real) by more than this is a collapse: each figure is estimated to some 0.03. */
export const COLLAPSE_MARGIN = 0.1;

/**
 * Generated rows that lie closer to real ones than this share of the real rows' own spacing are copies. A class mean, which is
 * no copy, is at 0.7 of the spacing of independent rows: 1 / sqrt 2.
 */
export const MEMORISED_RATIO = 1 / 3;

/** Macro accuracy on training rows above that on validation rows by more than this is an overfit. */
export const OVERFIT_GAP = 0.2;

interface Finding {
  /** What is wrong, whenever it is. */
  readonly kind: string;
  readonly text: string;
}

const figure = (value: number): string => value.toFixed(2);

function findingsOf({ epoch, watch, validation }: EpochRecord): Finding[] {
  if (!watch) return [];
  const findings = watch.classes.flatMap(({ className, realReal, genGen, nearestRatio }): Finding[] => {
    const collapsed = realReal !== null && genGen > realReal + COLLAPSE_MARGIN;
    const memorised = nearestRatio !== null && nearestRatio < MEMORISED_RATIO;
    return [
      ...(collapsed
        ? [
            {
              kind: `collapse ${className}`,
              text: `epoch ${epoch}: generated rows of ${className} are too alike: r(gen,gen) ${figure(genGen)}, r(real,real) ${figure(realReal)}; the option diversity weighs against it`,
            },
          ]
        : []),
      ...(memorised
        ? [
            {
              kind: `copies ${className}`,
              text: `epoch ${epoch}: generated rows of ${className} are copies of training rows: their distance to the nearest is ${figure(nearestRatio)} of that between real rows`,
            },
          ]
        : []),
    ];
  });
  const gap = watch.trainingMacroAccuracy - validation.macroAccuracy;
  const [training, held] = [watch.trainingMacroAccuracy, validation.macroAccuracy].map(figure);
  return gap > OVERFIT_GAP
    ? [
        ...findings,
        {
          kind: 'overfit',
          text: `epoch ${epoch}: C overfits: macro accuracy ${training} on training rows, ${held} on validation rows`,
        },
      ]
    : findings;
}

/** Kinds of findings that an epoch shares with the one before it. */
function lastingKinds(before: EpochRecord | undefined, record: EpochRecord): Set<string> {
  if (!before) return new Set();
  const earlier = new Set(findingsOf(before).map(({ kind }) => kind));
  return new Set(findingsOf(record).flatMap(({ kind }) => (earlier.has(kind) ? [kind] : [])));
}

/**
 * What is found in two epochs in a row for the first time in a run, in words: a G that has hardly begun is often one row per
 * class. `all` holds the epochs before `record`; those of a classifier that was left behind (`two_stage`) do not count.
 */
export function newWarnings(all: readonly EpochRecord[], record: EpochRecord): string[] {
  const fresh = [...all, record].findLastIndex(
    ({ classifierUpdates }, i) => i > 0 && classifierUpdates < all[i - 1]!.classifierUpdates,
  );
  const history = all.slice(Math.max(0, fresh));
  const lasting = lastingKinds(history.at(-1), record);
  if (lasting.size === 0) return [];
  for (const [i, earlier] of history.entries())
    for (const kind of lastingKinds(history[i - 1], earlier)) lasting.delete(kind);
  return findingsOf(record).flatMap(({ kind, text }) => (lasting.has(kind) ? [text] : []));
}
