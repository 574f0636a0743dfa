import { createHash } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VigilError } from '../../src/errors.ts';
import type {
  DatasetService,
  UploadDatasetHeader,
  UploadDatasetRequest,
} from '../gen/vigil/v1/datasets_pb.ts';
import { Mutex } from '../mutex.ts';
import { runName } from '../resource-names.ts';
import type { ServiceHandlers } from '../rpc/handler.ts';
import type { DataDirectory } from '../storage/data-directory.ts';
import type { Store, StoredDatasetRecord } from '../storage/store.ts';
import { checkHeader, toStoredDataset } from './convert.ts';
import { summarise } from './parse-worker.ts';

/** Uploads at a time: each holds its file in memory until it is stored. */
const MOST_UPLOADS = 4;

export function createDatasetHandlers(settings: {
  store: Store;
  data: DataDirectory;
  maxBytes: number;
  now: () => number;
}): ServiceHandlers<typeof DatasetService> {
  const { store, data, maxBytes, now } = settings;

  const find = async (name: string): Promise<StoredDatasetRecord> => {
    const dataset = await store.getDataset(name);
    if (dataset) return dataset;
    throw new VigilError('DATASET_NOT_FOUND', `no dataset ${JSON.stringify(name)}`, {
      metadata: { dataset: name },
    });
  };

  let uploads = 0;
  /** Of an upload, which holds a file in memory. TOO_MANY_STREAMS. */
  const takePlace = (): (() => void) => {
    if (uploads >= MOST_UPLOADS) {
      const message = `${uploads} datasets are being uploaded already; at most ${MOST_UPLOADS} at a time`;
      throw new VigilError('TOO_MANY_STREAMS', message, { retryAfterMs: 1000 });
    }
    uploads += 1;
    return () => {
      uploads -= 1;
    };
  };

  /** One upload or deletion at a time changes what is stored. */
  const changes = new Mutex();

  /** Stores the record with its files; the one that is there already when its content is the same. */
  const keep = async (record: StoredDatasetRecord, files: string): Promise<StoredDatasetRecord> => {
    const stored = await store.getDataset(record.name);
    if (stored) return sameOrTaken(stored, record);
    // What a process left that ended between the two lines below.
    await rm(data.dataset(record.name), { recursive: true, force: true });
    await rename(files, data.dataset(record.name));
    if (!(await store.addDataset(record))) throw taken(record.name);
    return record;
  };

  const upload: ServiceHandlers<typeof DatasetService>['uploadDataset'] = async (
    requests,
    { signal, principal, log },
  ) => {
    const { header, bytes } = await receive(requests, maxBytes);
    const { name, fileName, options } = checkHeader(header);
    const fileSha256 = createHash('sha256').update(bytes).digest('hex');
    if (header.fileSha256 !== '' && header.fileSha256 !== fileSha256)
      throw VigilError.field(
        'header.file_sha256',
        header.fileSha256,
        `${fileSha256}, the hash of the bytes received`,
      );
    const summary = await summarise({ bytes, fileName, options: { ...options, maxBytes } }, signal);
    const record: StoredDatasetRecord = { name, fileName, fileSha256, createTime: now(), ...summary };
    const temporary = data.dataset(`.${name}-${process.hrtime.bigint()}`);
    try {
      await writeFiles(temporary, fileName, bytes, options);
      const stored = await changes.run(() => keep(record, temporary));
      if (stored !== record) return { dataset: toStoredDataset(stored) };
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
    const detail = `${summary.rows} rows, ${summary.sha256}`;
    await store.audit({ time: now(), principal, action: 'UploadDataset', subject: name, detail });
    log.info({ dataset: name, rows: summary.rows }, 'dataset stored');
    return { dataset: toStoredDataset(record) };
  };

  return {
    uploadDataset: async (requests, context) => {
      const leave = takePlace();
      try {
        return await upload(requests, context);
      } finally {
        leave();
      }
    },
    listDatasets: async () => ({ datasets: (await store.listDatasets()).map(toStoredDataset) }),
    getDataset: async ({ name }) => ({ dataset: toStoredDataset(await find(name)) }),
    deleteDataset: async ({ name }, { principal }) => {
      await find(name);
      const unfinished = await store.runsIn(['queued', 'running', 'cancelling', 'interrupted']);
      const user = unfinished.find(({ request }) => request.dataset === name);
      if (user) {
        const message = `dataset ${name} is used by ${runName(user.id)}, which is ${user.state}`;
        throw new VigilError('RUN_STATE', message, { metadata: { subject: runName(user.id) } });
      }
      await changes.run(async () => {
        await store.deleteDataset(name);
        await rm(data.dataset(name), { recursive: true, force: true });
      });
      await store.audit({ time: now(), principal, action: 'DeleteDataset', subject: name, detail: '' });
      return {};
    },
  };
}

/** Collects an upload: a header, then at most `maxBytes` of data. */
async function receive(
  requests: AsyncIterable<UploadDatasetRequest>,
  maxBytes: number,
): Promise<{ header: UploadDatasetHeader; bytes: Uint8Array }> {
  let header: UploadDatasetHeader | undefined;
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const { part } of requests) {
    if (part.case === 'header') {
      if (header) throw VigilError.field('header', 'a second header', 'one, first');
      checkHeader(part.value);
      header = part.value;
    } else if (part.case === 'data') {
      if (!header) throw VigilError.field('header', 'data first', 'a header first');
      size += part.value.length;
      if (size > maxBytes)
        throw VigilError.field('data', `more than ${maxBytes} bytes`, `at most ${maxBytes} bytes`);
      parts.push(part.value);
    } else throw VigilError.field('part', 'nothing', 'header or data');
  }
  if (!header) throw VigilError.field('header', 'nothing', 'a header first');
  return { header, bytes: Buffer.concat(parts) };
}

async function writeFiles(
  directory: string,
  fileName: string,
  bytes: Uint8Array,
  options: object,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, fileName), bytes, { flush: true });
  await writeFile(join(directory, 'dataset.json'), `${JSON.stringify(options)}\n`, { flush: true });
}

/** Uploading the same content again is no error. */
function sameOrTaken(stored: StoredDatasetRecord, record: StoredDatasetRecord): StoredDatasetRecord {
  if (stored.sha256 === record.sha256) return stored;
  throw taken(record.name);
}

function taken(name: string): VigilError {
  const message = `dataset ${name} exists with other content; delete it first, or choose another name`;
  return new VigilError('DATASET_EXISTS', message, { metadata: { dataset: name } });
}
