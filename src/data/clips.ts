import { VigilError } from '../errors.ts';
import { createDataset } from './create-dataset.ts';
import type { Dataset } from './dataset.ts';
import { resampleClip } from './resample.ts';

/** A recording: descriptors per frame, one label. */
export interface Clip {
  readonly id: string;
  readonly label: string;
  /** Who it is of; undefined when unknown. */
  readonly group: string | undefined;
  /** Seconds, increasing. */
  readonly times: readonly number[];
  /** `[frames][channels]`; null or NaN where the tracker lost the face. */
  readonly frames: readonly (readonly (number | null)[])[];
}

export const PRUNE_REASONS = ['too_few_frames', 'missing_features', 'times_not_increasing'] as const;
export type PruneReason = (typeof PRUNE_REASONS)[number];

/** What was kept, and what was dropped and why. */
export interface PruneReport {
  readonly kept: number;
  readonly dropped: Readonly<Record<PruneReason, number>>;
}

function reasonToDrop(clip: Clip): PruneReason | undefined {
  if (clip.frames.length < 2) return 'too_few_frames';
  if (clip.frames.some((frame) => frame.some((value) => value === null || !Number.isFinite(value)))) {
    return 'missing_features';
  }
  if (clip.times.some((time, i) => !Number.isFinite(time) || (i > 0 && time <= clip.times[i - 1]!))) {
    return 'times_not_increasing';
  }
  return undefined;
}

/** Drops clips that cannot be resampled, as the paper prunes samples with missing features. */
export function pruneClips(clips: readonly Clip[]): { clips: readonly Clip[]; report: PruneReport } {
  const dropped = { too_few_frames: 0, missing_features: 0, times_not_increasing: 0 };
  const kept = clips.filter((clip) => {
    const reason = reasonToDrop(clip);
    if (reason) dropped[reason] += 1;
    return reason === undefined;
  });
  return { clips: kept, report: { kept: kept.length, dropped } };
}

/** Prunes and resamples clips to `[channels, steps]`. Group ids are numbered in order of appearance. */
export function datasetFromClips(
  source: string,
  clips: readonly Clip[],
  names: {
    name?: string | undefined;
    classNames?: readonly string[] | undefined;
    channelNames: readonly string[];
  },
  steps: number,
): { dataset: Dataset; report: PruneReport } {
  const { clips: kept, report } = pruneClips(clips);
  const channels = names.channelNames.length;
  const classNames = names.classNames ?? [...new Set(clips.map(({ label }) => label))].sort();
  const values = new Float32Array(kept.length * channels * steps);
  const numbers = new Map<string, number>();
  const labels = kept.map((clip, row) => {
    values.set(resampleClip(clip.times, clip.frames as number[][], steps), row * channels * steps);
    const label = classNames.indexOf(clip.label);
    if (label < 0) {
      throw VigilError.field(
        `${source}: clip ${clip.id}: label`,
        JSON.stringify(clip.label),
        classNames.join(', '),
        'DATASET_MALFORMED',
      );
    }
    return label;
  });
  const grouped = kept.every(({ group }) => group !== undefined);
  const groups = kept.map(({ group = '' }) => {
    const number = numbers.get(group) ?? numbers.size;
    numbers.set(group, number);
    return number;
  });
  const dataset = createDataset(
    {
      name: names.name ?? source,
      channels,
      steps,
      channelNames: names.channelNames,
      classNames,
      values,
      labels: Uint8Array.from(labels),
      groups: grouped ? Int32Array.from(groups) : undefined,
      clips: undefined,
      folds: undefined,
    },
    source,
  );
  return { dataset, report };
}
