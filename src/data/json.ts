/** JSON clips: `{ "channelNames": [...], "classNames": [...], "clips": [{ id, label, group, times, frames }] }`. */
import { z } from 'zod';
import { VigilError } from '../errors.ts';
import { type Clip, datasetFromClips, type PruneReport } from './clips.ts';
import type { Dataset } from './dataset.ts';
import type { DatasetNames } from './npz.ts';

const text = z.string().min(1);
const identifier = z.union([text, z.number()]).transform(String);
const fileSchema = z.strictObject({
  name: text.optional(),
  channelNames: z.array(text).min(1),
  classNames: z.array(text).min(2).optional(),
  clips: z
    .array(
      z.strictObject({
        id: identifier.optional(),
        label: text,
        group: identifier.optional(),
        times: z.array(z.number()),
        frames: z.array(z.array(z.union([z.number(), z.null()]))),
      }),
    )
    .min(1),
});

/** Problems are DATASET_MALFORMED with the path of each, such as `clips.3.times`. */
export function parseJsonDataset(
  bytes: Uint8Array,
  file: string,
  names: DatasetNames,
  steps: number,
): { dataset: Dataset; report: PruneReport } {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new VigilError(
      'DATASET_MALFORMED',
      `${file}: found text that is not JSON; allowed: a JSON object`,
      { cause },
    );
  }
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) {
    const fields = parsed.error.issues.slice(0, 20).map(({ path, message }) => ({
      field: `${file}: ${path.join('.') || 'the file'}`,
      description: message,
    }));
    const message = fields.map(({ field, description }) => `${field}: ${description}`).join('; ');
    throw new VigilError('DATASET_MALFORMED', message, { fields });
  }
  const { channelNames, clips } = parsed.data;
  const read = clips.map((clip, i): Clip => {
    const where = `${file}: clips.${i}`;
    if (clip.frames.length !== clip.times.length) {
      throw VigilError.field(
        `${where}.frames`,
        `${clip.frames.length} frames`,
        `${clip.times.length}, one per time`,
        'DATASET_MALFORMED',
      );
    }
    const odd = clip.frames.findIndex((frame) => frame.length !== channelNames.length);
    if (odd >= 0) {
      const found = `${clip.frames[odd]!.length} values`;
      throw VigilError.field(
        `${where}.frames.${odd}`,
        found,
        `${channelNames.length}, one per channel`,
        'DATASET_MALFORMED',
      );
    }
    return {
      id: clip.id ?? String(i),
      label: clip.label,
      group: clip.group,
      times: clip.times,
      frames: clip.frames,
    };
  });
  const classNames = parsed.data.classNames ?? names.classNames;
  return datasetFromClips(
    file,
    read,
    { name: parsed.data.name ?? names.name, classNames, channelNames },
    steps,
  );
}
