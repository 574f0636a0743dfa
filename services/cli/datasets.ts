import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { EmptySchema } from '@bufbuild/protobuf/wkt';
import type { Command } from 'commander';
import { readSidecar } from '../../src/data/load-dataset.ts';
import { VigilError } from '../../src/errors.ts';
import {
  ListDatasetsResponseSchema,
  StoredDatasetSchema,
  type UploadDatasetRequest,
} from '../gen/vigil/v1/datasets_pb.ts';
import { messageJson, remark, write, writeJson, writeTable } from './print.ts';
import { globalsOf, withClients } from './session.ts';

const CHUNK_BYTES = 2 ** 18;

type Part = Parameters<typeof Array.of<{ part: UploadDatasetRequest['part'] }>>[0];

function* partsOf(header: object, bytes: Uint8Array): Iterable<Part> {
  yield { part: { case: 'header', value: header } } as Part;
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    yield { part: { case: 'data', value: bytes.subarray(at, at + CHUNK_BYTES) } };
  }
}

export function addDatasets(program: Command): void {
  const datasets = program.command('datasets').description('upload, list and delete datasets');
  datasets
    .command('list', { isDefault: true })
    .description('stored datasets')
    .action(async (_: object, command: Command) => {
      const { address, json } = globalsOf(command);
      await withClients(address, async (clients) => {
        const page = await clients.datasets.listDatasets({});
        if (json) return writeJson(messageJson(ListDatasetsResponseSchema, page));
        const rows = page.datasets.map(
          ({ name, rows: count, channelNames, steps, classNames, classRows, groups }) => [
            name,
            String(count),
            `${channelNames.length} x ${steps}`,
            classNames.map((className, k) => `${className} ${classRows[k]}`).join(', '),
            String(groups || '-'),
          ],
        );
        writeTable(['dataset', 'rows', 'sample', 'classes', 'groups'], rows);
      });
    });
  datasets
    .command('upload <file>')
    .description('upload a .npz, .json or .csv file; a dataset.json beside it may name classes and channels')
    .option('-n, --name <name>', 'the name to store under; the file name by default')
    .action(async (file: string, { name }: { name?: string }, command: Command) => {
      const { address, json } = globalsOf(command);
      const sidecar = await readSidecar(file);
      const bytes = await readFile(file).catch((cause: Error) => {
        throw new VigilError('DATASET_NOT_FOUND', `no dataset file ${file}`, { cause });
      });
      const plain = basename(file, extname(file))
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-');
      const { classNames = [], channelNames = [], steps = 0 } = sidecar;
      const header = {
        name: name ?? plain,
        fileName: `${name ?? plain}${extname(file)}`,
        fileSha256: createHash('sha256').update(bytes).digest('hex'),
        classNames: [...classNames],
        channelNames: [...channelNames],
        steps,
      };
      await withClients(address, async (clients) => {
        const { dataset } = await clients.datasets.uploadDataset(partsOf(header, bytes));
        if (json) return writeJson(messageJson(StoredDatasetSchema, dataset!));
        const dropped = Object.entries(dataset!.dropped).filter(([, clips]) => clips > 0n);
        write(`dataset ${dataset!.name}: ${dataset!.rows} rows, sha256 ${dataset!.sha256}`);
        for (const [reason, clips] of dropped) write(`dropped ${clips}: ${reason.replaceAll('_', ' ')}`);
      });
    });
  datasets
    .command('delete <name>')
    .description('delete a stored dataset')
    .action(async (name: string, _: object, command: Command) => {
      const { address, json } = globalsOf(command);
      await withClients(address, (clients) => clients.datasets.deleteDataset({ name }));
      if (json) writeJson(messageJson(EmptySchema, {}));
      else remark(`dataset ${name} deleted`);
    });
}
