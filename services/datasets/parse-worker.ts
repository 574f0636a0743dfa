/** Parses an uploaded file on a thread of its own: a large one would hold up every call. */
import { type LoadOptions, parseDataset } from '../../src/data/load-dataset.ts';
import { siblingModule } from '../child-module.ts';
import { answerTask, runOnThread } from '../task-thread.ts';

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

/** Errors: DATASET_MALFORMED, DATASET_UNSUITABLE; they name the file and the field. */
export const summarise = (task: Task, signal: AbortSignal): Promise<DatasetSummary> =>
  runOnThread(siblingModule(import.meta.url, 'parse-worker'), task, signal);

answerTask(import.meta.url, ({ bytes, fileName, options }: Task): DatasetSummary => {
  const { dataset, report } = parseDataset(bytes, fileName, options);
  const { rows, channelNames, classNames, steps, sha256, labels, groups } = dataset;
  const classRows = classNames.map(() => 0);
  for (const label of labels) classRows[label]! += 1;
  const subjects = groups ? new Set(groups).size : 0;
  const { dropped } = report;
  return { rows, channelNames, classNames, steps, sha256, classRows, groups: subjects, dropped };
});
