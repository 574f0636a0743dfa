/** Follows a run: a live bar on a terminal, a line per epoch elsewhere, JSON lines for programs. */
import { SingleBar } from 'cli-progress';
import type { Clients } from '../client/clients.ts';
import {
  type EpochRecord,
  RunState,
  type WatchTrainingResponse,
  WatchTrainingResponseSchema,
} from '../gen/vigil/v1/train_pb.ts';
import { decimal, duration, messageJson, percent, remark, write } from './print.ts';

/** Shows updates as they come. */
interface View {
  show(update: WatchTrainingResponse): void;
  /** Before anything else is printed. */
  end(): void;
}

const NAMES: Readonly<Record<string, string>> = { macroAccuracy: 'macro accuracy', macroAuc: 'macro AUC' };

const list = (values: Readonly<Record<string, number>>, format: (value: number) => string): string =>
  Object.entries(values)
    .map(([name, value]) => `${NAMES[name] ?? name} ${format(value)}`)
    .join('  ');

function epochLine(record: EpochRecord, epochs: number | undefined): string {
  const { epoch, losses, validation, seconds } = record;
  const of = epochs === undefined ? '' : `/${epochs}`;
  return `epoch ${epoch}${of}  ${list(losses, decimal)}  | validation: ${list(validation, percent)}  | ${duration(seconds)}`;
}

/** One line per epoch: for logs. */
function createLines(): View {
  let state = RunState.UNSPECIFIED;
  return {
    show: (update) => {
      if (update.state !== state) remark(`${RunState[update.state]!.toLowerCase()}`);
      state = update.state;
      for (const record of update.epochs) remark(epochLine(record, update.progress?.epochs));
    },
    end: () => {},
  };
}

/** A bar with the latest losses below 100 columns of text; epochs do not scroll. */
function createBar(title: string): View {
  const format = `${title} {bar} {percent}%  {state}`;
  const bar = new SingleBar({
    format,
    barsize: 24,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    stopOnComplete: false,
    clearOnComplete: false,
    fps: 8,
    linewrap: false,
    stream: process.stderr,
  });
  bar.start(100, 0, { percent: '0', state: 'waiting' });
  return {
    show: ({ progress, state }) => {
      if (!progress) return bar.update(0, { state: RunState[state]!.toLowerCase() });
      const { epoch, epochs, losses, validation, secondsLeft, rowsPerSecond, phase } = progress;
      const left = phase === 'training' ? `${duration(secondsLeft)} left` : phase;
      const rows = `${Math.round(rowsPerSecond)} rows/s`;
      const text = [`epoch ${epoch}/${epochs}`, left, rows, list(losses, decimal), list(validation, percent)];
      bar.update(progress.percent, {
        percent: Math.floor(progress.percent),
        state: text.filter(Boolean).join('  '),
      });
    },
    end: () => bar.stop(),
  };
}

const createJsonLines = (): View => ({
  show: (update) => write(JSON.stringify(messageJson(WatchTrainingResponseSchema, update))),
  end: () => {},
});

/** Watches to the end and returns the last update. `title` stands before the bar. */
export async function watchRun(
  { training }: Clients,
  name: string,
  options: { json: boolean; title: string; signal?: AbortSignal },
): Promise<WatchTrainingResponse> {
  const { json, title, signal } = options;
  const view = json ? createJsonLines() : process.stderr.isTTY ? createBar(title) : createLines();
  let last: WatchTrainingResponse | undefined;
  try {
    for await (const update of training.watchTraining({ name }, signal ? { signal } : {})) {
      view.show(update);
      last = update;
    }
  } finally {
    view.end();
  }
  for (const warning of last!.warnings) remark(`warning: ${warning}`);
  return last!;
}
