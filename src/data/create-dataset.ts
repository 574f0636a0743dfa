import { createHash } from 'node:crypto';
import { VigilError } from '../errors.ts';
import type { Dataset } from './dataset.ts';

const MOST_CLASSES = 255;

/** Checks the parts of a dataset against one another and fixes its identity. `source` is named in errors. */
export function createDataset(parts: Omit<Dataset, 'rows' | 'sha256'>, source = parts.name): Dataset {
  const { channels, steps, channelNames, classNames, values, labels } = parts;
  const rows = labels.length;
  const malformed = (field: string, found: string, allowed: string): VigilError =>
    VigilError.field(`${source}: ${field}`, found, allowed, 'DATASET_MALFORMED');
  if (rows === 0) throw malformed('rows', '0', 'at least 1');
  if (values.length !== rows * channels * steps) {
    throw malformed('values', `${values.length} values`, `${rows} x ${channels} x ${steps}`);
  }
  if (channelNames.length !== channels) {
    throw malformed('channelNames', `${channelNames.length} names`, `${channels}, one per channel`);
  }
  for (const [field, names] of Object.entries({ channelNames, classNames })) {
    if (new Set(names).size !== names.length) throw malformed(field, 'a name twice', 'different names');
    const empty = names.indexOf('');
    if (empty >= 0) throw malformed(`${field}[${empty}]`, 'an empty name', 'a name');
  }
  if (classNames.length > MOST_CLASSES)
    throw malformed('classNames', `${classNames.length} classes`, `at most ${MOST_CLASSES}`);
  for (const [field, ids] of Object.entries({
    groups: parts.groups,
    clips: parts.clips,
    folds: parts.folds,
  })) {
    if (ids && ids.length !== rows) throw malformed(field, `${ids.length} ids`, `${rows}, one per row`);
  }
  const unknown = labels.findIndex((label) => label >= classNames.length);
  if (unknown >= 0) {
    throw malformed(
      `labels[${unknown}]`,
      String(labels[unknown]),
      `0 to ${classNames.length - 1} (${classNames.join(', ')})`,
    );
  }
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const row = Math.floor(bad / (channels * steps));
    const channel = Math.floor(bad / steps) % channels;
    throw malformed(`values[${row}][${channel}][${bad % steps}]`, String(values[bad]), 'finite numbers');
  }
  const present = new Set(labels);
  if (present.size < 2) {
    const found = `only class ${classNames[labels[0]!]}`;
    throw VigilError.field(`${source}: labels`, found, 'rows of at least two classes', 'DATASET_UNSUITABLE');
  }
  return { ...parts, rows, sha256: identityOf(parts) };
}

function identityOf(parts: Omit<Dataset, 'rows' | 'sha256'>): string {
  const { channels, steps, channelNames, classNames, values, labels, groups, clips, folds } = parts;
  const hash = createHash('sha256');
  hash.update(JSON.stringify({ channels, steps, channelNames, classNames }));
  for (const array of [values, labels, groups, clips, folds]) {
    hash.update(array ? `[${array.length}]` : '[]');
    if (array) hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  return hash.digest('hex');
}
