import type { BundleManifest } from './manifest.ts';

/** What decides whether one version can answer another's rows. */
type Shape = Pick<BundleManifest, 'channelNames' | 'steps' | 'classNames'>;

/** What keeps one version from answering the other's rows, as a sentence about the first; undefined when nothing does. */
export function findUnlike(ours: Shape, theirs: Shape, other: string): string | undefined {
  const sides = {
    channels: [ours.channelNames.join(', '), theirs.channelNames.join(', ')],
    steps: [ours.steps, theirs.steps],
    classes: [ours.classNames.join(', '), theirs.classNames.join(', ')],
  };
  for (const [name, [mine, its]] of Object.entries(sides))
    if (mine !== its) return `its ${name} are ${mine}; those of ${other} are ${its}`;
  return undefined;
}
