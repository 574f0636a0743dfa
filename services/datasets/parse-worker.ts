/** Parses an uploaded file on a thread of its own: a large one would hold up every call. */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { type LoadOptions, parseDataset } from '../../src/data/load-dataset.ts';
import { VigilError } from '../../src/errors.ts';
import { EXEC_ARGV, siblingModule } from '../child-module.ts';
import type { WireError } from '../engine/protocol.ts';
import { fromWireError, toWireError } from '../engine/wire-error.ts';

/** What is kept of a parsed dataset: everything but its values. */
export interface DatasetSummary {
  readonly rows: number;
  readonly channelNames: readonly string[];
  readonly classNames: readonly string[];
  readonly steps: number;
  readonly classRows: readonly number[];
  readonly groups: number;
  readonly sha256: string;
  readonly dropped: Readonly<Record<string, number>>;
}

interface Task {
  readonly bytes: Uint8Array;
  readonly fileName: string;
  readonly options: LoadOptions;
}

type Answer = { readonly summary: DatasetSummary } | { readonly error: WireError };

/** Errors: DATASET_MALFORMED, DATASET_UNSUITABLE; they name the file and the field. */
export async function summarise(task: Task, signal: AbortSignal): Promise<DatasetSummary> {
  const worker = new Worker(siblingModule(import.meta.url, 'parse-worker'), {
    workerData: task,
    execArgv: [...EXEC_ARGV],
  });
  try {
    const answer = await new Promise<Answer>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new VigilError('INTERNAL', `the parser ended with code ${code}`)));
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    if ('error' in answer) throw fromWireError(answer.error);
    return answer.summary;
  } finally {
    await worker.terminate();
  }
}

function answer({ bytes, fileName, options }: Task): Answer {
  try {
    const { dataset, report } = parseDataset(bytes, fileName, options);
    const { rows, channelNames, classNames, steps, sha256, labels, groups } = dataset;
    const classRows = classNames.map(() => 0);
    for (const label of labels) classRows[label]! += 1;
    const subjects = groups ? new Set(groups).size : 0;
    const dropped = report.dropped;
    return {
      summary: { rows, channelNames, classNames, steps, sha256, classRows, groups: subjects, dropped },
    };
  } catch (error) {
    return { error: toWireError(error) };
  }
}

if (!isMainThread && parentPort) parentPort.postMessage(answer(workerData as Task));
