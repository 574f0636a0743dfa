/** Recordings that `stream` replays: a clip of a CSV file, or rows of a dataset one after another. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseCsvClips } from '../../src/data/csv.ts';
import { VigilError } from '../../src/errors.ts';
import { openSource, parseRows, takeRows } from './rows.ts';

export interface Recording {
  readonly name: string;
  readonly channels: number;
  /** Microseconds, from 0, in the order in which frames are sent. */
  readonly times: readonly number[];
  /** `[frames, channels]`; NaN where a value is missing. */
  readonly values: Float32Array;
}

export interface RecordingChoice {
  /** Of a CSV file; the first one by default. */
  readonly clip?: string | undefined;
  /** Of a dataset, such as "0-9"; all by default. */
  readonly rows?: string | undefined;
  /** What a row of a dataset lasts. */
  readonly windowUs: number;
}

/** Errors: DATASET_MALFORMED, FIELD_INVALID (`--clip`, `--rows`). */
export async function openRecording(source: string, choice: RecordingChoice): Promise<Recording> {
  return source.toLowerCase().endsWith('.csv') ? fromCsv(source, choice.clip) : fromRows(source, choice);
}

async function fromCsv(path: string, wanted: string | undefined): Promise<Recording> {
  const bytes = await readFile(path).catch((cause) => {
    throw new VigilError('DATASET_NOT_FOUND', `${path} cannot be read`, { cause });
  });
  const { clips, channelNames } = parseCsvClips(bytes, basename(path));
  const clip = wanted === undefined ? clips[0] : clips.find(({ id }) => id === wanted);
  if (!clip) {
    const ids = clips.map(({ id }) => id);
    throw VigilError.field(
      '--clip',
      JSON.stringify(wanted ?? ''),
      ids.slice(0, 20).join(', ') || 'a clip of the file',
    );
  }
  const channels = channelNames.length;
  const values = new Float32Array(clip.frames.length * channels);
  clip.frames.forEach((frame, i) => {
    values.set(
      frame.map((value) => value ?? Number.NaN),
      i * channels,
    );
  });
  const first = clip.times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY);
  const times = clip.times.map((time) => Math.round((time - first) * 1e6));
  return { name: `clip ${clip.id}, labelled ${clip.label}`, channels, times, values };
}

async function fromRows(source: string, { rows, windowUs }: RecordingChoice): Promise<Recording> {
  const { dataset } = await openSource(source);
  const { channels, steps } = dataset;
  const numbers = parseRows(rows, dataset.rows);
  const samples = takeRows(dataset, numbers);
  const values = new Float32Array(samples.length);
  // [row, channel, step] to [row, step, channel]: a step is a frame.
  for (let row = 0; row < numbers.length; row++)
    for (let channel = 0; channel < channels; channel++)
      for (let step = 0; step < steps; step++)
        values[(row * steps + step) * channels + channel] =
          samples[(row * channels + channel) * steps + step]!;
  const spacing = windowUs / Math.max(1, steps - 1);
  const times = Array.from({ length: numbers.length * steps }, (_, frame) => Math.round(frame * spacing));
  return { name: `${numbers.length} rows of ${source}`, channels, times, values };
}
