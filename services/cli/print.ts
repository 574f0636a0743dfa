/** Results go to stdout: tables for people, JSON with the proto's field names for programs. */
import { stripVTControlCharacters } from 'node:util';
import {
  create,
  createRegistry,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
  toJson,
} from '@bufbuild/protobuf';
import { TrainMetadataSchema, TrainResultSchema } from '../gen/vigil/v1/train_pb.ts';

export const write = (line: string): void => void process.stdout.write(`${line}\n`);
/** Remarks and progress go to stderr, so that stdout can be piped. */
export const remark = (line: string): void => void process.stderr.write(`${line}\n`);

export const writeJson = (value: unknown): void => write(JSON.stringify(value, null, 2));

/** What an operation's Any fields hold. */
const registry = createRegistry(TrainMetadataSchema, TrainResultSchema);

/** A message as canonical protobuf JSON. */
export function messageJson<M extends DescMessage>(
  schema: M,
  message: MessageShape<M> | MessageInitShape<M>,
): unknown {
  return toJson(schema, create(schema, message as MessageInitShape<M>), { registry });
}

/** Text of other users on one line, without what a terminal would take for commands. */
export const printable = (text: string): string =>
  stripVTControlCharacters(text).replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');

/** Columns aligned by the longest cell; numbers are the caller's to format. */
export function writeTable(header: readonly string[], texts: readonly (readonly string[])[]): void {
  const rows = texts.map((row) => row.map(printable));
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
  write(line(header.map((title) => title.toUpperCase())));
  for (const row of rows) write(line(row));
}

export const percent = (share: number | undefined): string =>
  share === undefined ? '-' : `${(100 * share).toFixed(1)}%`;

export const decimal = (value: number | undefined, digits = 3): string =>
  value === undefined ? '-' : value.toFixed(digits);

/** "1h 02m", "3m 05s", "12s". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  if (hours > 0) return `${hours}h ${two(minutes)}m`;
  return minutes > 0 ? `${minutes}m ${two(whole % 60)}s` : `${whole}s`;
}
