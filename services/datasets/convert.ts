import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { LoadOptions } from '../../src/data/load-dataset.ts';
import { VigilError } from '../../src/errors.ts';
import type { StoredDatasetSchema, UploadDatasetHeader } from '../gen/vigil/v1/datasets_pb.ts';
import type { StoredDatasetRecord } from '../storage/store.ts';

const NAME = /^[a-z][a-z0-9-]{0,62}$/;
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const MAX_STEPS = 10_000;

/** Checks a header; FIELD_INVALID with the path of what is wrong. */
export function checkHeader(header: UploadDatasetHeader): {
  name: string;
  fileName: string;
  options: LoadOptions;
} {
  const { name, fileName, fileSha256, classNames, channelNames, steps } = header;
  const refuse = (field: string, found: string, allowed: string): VigilError =>
    VigilError.field(`header.${field}`, found, allowed);
  if (!NAME.test(name)) {
    const allowed = '1 to 63 lower-case letters, digits and dashes, beginning with a letter';
    throw refuse('name', JSON.stringify(name), allowed);
  }
  if (!FILE_NAME.test(fileName) || !/\.(npz|json|csv)$/i.test(fileName) || fileName === 'dataset.json') {
    const allowed = 'a plain file name that ends in .npz, .json or .csv, and is not dataset.json';
    throw refuse('file_name', JSON.stringify(fileName), allowed);
  }
  if (fileSha256 !== '' && !/^[0-9a-f]{64}$/.test(fileSha256))
    throw refuse('file_sha256', JSON.stringify(fileSha256), '64 lower-case hex digits, or nothing');
  if (steps < 0 || steps > MAX_STEPS) throw refuse('steps', String(steps), `1 to ${MAX_STEPS}, or 0 for 100`);
  const options = {
    name,
    ...(classNames.length > 0 && { classNames }),
    ...(channelNames.length > 0 && { channelNames }),
    ...(steps > 0 && { steps }),
  };
  return { name, fileName, options };
}

export function toStoredDataset(record: StoredDatasetRecord): MessageInitShape<typeof StoredDatasetSchema> {
  const { name, rows, channelNames, steps, classNames, classRows, groups, sha256, createTime, dropped } =
    record;
  return {
    name,
    rows: BigInt(rows),
    channelNames: [...channelNames],
    steps,
    classNames: [...classNames],
    classRows: classRows.map(BigInt),
    groups: BigInt(groups),
    sha256,
    createTime: timestampFromMs(createTime),
    dropped: Object.fromEntries(Object.entries(dropped).map(([reason, clips]) => [reason, BigInt(clips)])),
  };
}
