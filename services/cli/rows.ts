/** Samples for commands: from dataset files, shipped and simulated data, or JSON on stdin. */
import { text } from 'node:stream/consumers';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { z } from 'zod';
import { gatherRows } from '../../src/data/batches.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { type OpenedDataset, openDataset } from '../../src/data/open-dataset.ts';
import { VigilError } from '../../src/errors.ts';
import type { Clients } from '../client/clients.ts';
import { exampleFile } from '../datasets/resolve.ts';
import type { ClassifyOptionsSchema, ClassifyResponse } from '../gen/vigil/v1/classify_pb.ts';

/** Opens a file, `example:...` or `simulated:...`, on this machine. */
export function openSource(source: string): Promise<OpenedDataset> {
  return openDataset(exampleFile(source) ?? source);
}

const sample = z.array(z.array(z.number()).min(1)).min(1);
const samples = z.union([sample.transform((one) => [one]), z.array(sample).min(1)]);

/** `[rows, channels, steps]` or `[channels, steps]` as nested arrays of JSON. */
export async function readStdin(): Promise<{ shape: number[]; values: Float32Array }> {
  const allowed = 'nested JSON arrays, [channels][steps] or [rows][channels][steps], all of one size';
  let parsed: number[][][];
  try {
    parsed = samples.parse(JSON.parse(await text(process.stdin)));
  } catch (cause) {
    throw new VigilError('TENSOR_INVALID', `stdin: found other content; allowed: ${allowed}`, { cause });
  }
  const shape = [parsed.length, parsed[0]!.length, parsed[0]![0]!.length];
  const values = Float32Array.from(parsed.flat(2));
  const even = parsed.every(
    (row) => row.length === shape[1] && row.every((channel) => channel.length === shape[2]),
  );
  if (even) return { shape, values };
  throw new VigilError('TENSOR_INVALID', `stdin: found rows of different sizes; allowed: ${allowed}`);
}

/** Rows in one request: large enough to batch well, small enough for the message limit. */
const ROWS_PER_CALL = 64;

/** Classifies samples `[rows, channels, steps]` over gRPC, in order. Class names come with options alone. */
export async function classifyRows(
  { classifier }: Clients,
  model: string,
  shape: readonly number[],
  values: Float32Array,
  options?: MessageInitShape<typeof ClassifyOptionsSchema>,
): Promise<{
  version: string;
  classNames: readonly string[];
  predictions: ClassifyResponse['predictions'];
}> {
  const [rows, channels, steps] = shape as [number, number, number];
  const size = channels * steps;
  const predictions: ClassifyResponse['predictions'] = [];
  let version = model;
  let classNames: readonly string[] = [];
  for (let start = 0; start < rows; start += ROWS_PER_CALL) {
    const count = Math.min(ROWS_PER_CALL, rows - start);
    const part = values.slice(start * size, (start + count) * size);
    const answer = await classifier.classify({
      model: version,
      samples: {
        shape: [BigInt(count), BigInt(channels), BigInt(steps)],
        data: { case: 'raw', value: new Uint8Array(part.buffer) },
      },
      ...(options && { options }),
    });
    // All rows by one version, even when the alias moves meanwhile.
    version = answer.modelVersion;
    classNames = answer.classNames;
    predictions.push(...answer.predictions);
  }
  return { version, classNames, predictions };
}

/** Some rows of a dataset, `[rows, channels, steps]`. */
export const takeRows = ({ channels, steps, values }: Dataset, rows: ArrayLike<number>): Float32Array =>
  gatherRows(values, channels * steps, Uint32Array.from(rows));

/** Parses "0-9,20"; rows of a dataset of `count` rows. */
export function parseRows(spec: string | undefined, count: number): number[] {
  if (spec === undefined) return Array.from({ length: count }, (_, row) => row);
  return spec.split(',').flatMap((part) => {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(part.trim()) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === undefined || from > to || to >= count)
      throw VigilError.field(
        '--rows',
        JSON.stringify(part),
        `numbers and ranges from 0 to ${count - 1}, such as 0-9,20`,
      );
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  });
}
