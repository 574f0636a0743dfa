/** CSV clips, one frame per line: `clip,group,label,time,<channels...>`; an empty cell is a missing feature. */
import { parse } from 'csv-parse/sync';
import { VigilError } from '../errors.ts';
import { type Clip, datasetFromClips, type PruneReport } from './clips.ts';
import type { Dataset } from './dataset.ts';
import type { DatasetNames } from './npz.ts';

const OWN_COLUMNS = ['clip', 'group', 'label', 'time'];
const REQUIRED = ['clip', 'label', 'time'];

/** Clips as they were recorded, before resampling: frames of one stand together or apart, in the order of the file. */
export interface CsvClips {
  readonly channelNames: readonly string[];
  readonly clips: readonly Clip[];
}

/** Clips of the file, resampled to `steps`. DATASET_MALFORMED names the line and the column. */
export function parseCsvDataset(
  bytes: Uint8Array,
  file: string,
  names: DatasetNames,
  steps: number,
): { dataset: Dataset; report: PruneReport } {
  const { clips, channelNames } = parseCsvClips(bytes, file);
  return datasetFromClips(
    file,
    clips,
    { name: names.name, classNames: names.classNames, channelNames },
    steps,
  );
}

/** DATASET_MALFORMED names the line and the column. */
export function parseCsvClips(bytes: Uint8Array, file: string): CsvClips {
  const malformed = (field: string, found: string, allowed: string): VigilError =>
    VigilError.field(`${file}: ${field}`, found, allowed, 'DATASET_MALFORMED');
  let records: Record<string, string>[];
  try {
    records = parse(bytes, { columns: true, skip_empty_lines: true, bom: true }) as Record<string, string>[];
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : 'unreadable text';
    throw new VigilError('DATASET_MALFORMED', `${file}: found ${found}; allowed: CSV with a header`, {
      cause,
    });
  }
  const columns = Object.keys(records[0] ?? {});
  for (const column of REQUIRED) {
    if (!columns.includes(column))
      throw malformed('header', columns.join(', ') || 'nothing', `a column ${column}`);
  }
  const channelNames = columns.filter((column) => !OWN_COLUMNS.includes(column));
  if (channelNames.length === 0) throw malformed('header', columns.join(', '), 'at least one channel column');
  const clips = new Map<
    string,
    { label: string; group: string | undefined; times: number[]; frames: (number | null)[][] }
  >();
  records.forEach((record, i) => {
    const line = i + 2;
    const number = (column: string): number | null => {
      const cell = record[column]!.trim();
      if (cell === '') return null;
      if (cell.toLowerCase() === 'nan') return null;
      const value = Number(cell);
      if (Number.isNaN(value))
        throw malformed(`line ${line}, ${column}`, JSON.stringify(cell), 'a number or nothing');
      return value;
    };
    const id = record.clip!;
    const clip = clips.get(id) ?? { label: record.label!, group: record.group, times: [], frames: [] };
    clips.set(id, clip);
    if (clip.label !== record.label)
      throw malformed(
        `line ${line}, label`,
        JSON.stringify(record.label),
        `${clip.label}, as in the clip's first line`,
      );
    const time = number('time');
    if (time === null) throw malformed(`line ${line}, time`, 'nothing', 'seconds');
    clip.times.push(time);
    clip.frames.push(channelNames.map(number));
  });
  return { channelNames, clips: [...clips].map(([id, clip]): Clip => ({ id, ...clip })) };
}
