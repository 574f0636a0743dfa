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

/** Names that a line of the terminal has room for. */
const SHORT: Readonly<Record<string, string>> = {
  classifier: 'C',
  discriminator: 'D',
  discriminatorClass: 'D class',
  adversarial: 'G adv',
  classification: 'G class',
  correlation: 'G corr',
  joint: 'G joint',
  diversity: 'G div',
  realCorrelation: 'real corr',
};
const BAR_SIZE = 16;

/** Parts joined as long as they fit; the last ones go first. */
function fitted(parts: readonly string[], columns: number): string {
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? part : `${line}  ${part}`;
    if (longer.length > columns) break;
    line = longer;
  }
  return line;
}

/** A bar with the time left, the validation score and as many losses as the terminal is wide; epochs do not scroll. */
function createBar(title: string): View {
  const bar = new SingleBar({
    format: `${title} {bar} {done}%  {state}`,
    barsize: BAR_SIZE,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    stopOnComplete: false,
    clearOnComplete: false,
    fps: 8,
    linewrap: false,
    stream: process.stderr,
  });
  bar.start(100, 0, { done: '  0', state: 'waiting' });
  return {
    show: ({ progress, state }) => {
      if (!progress) return bar.update(0, { state: RunState[state]!.toLowerCase() });
      const {
        epoch,
        epochs,
        losses,
        validation,
        secondsLeft,
        rowsPerSecond,
        phase,
        percent: done,
      } = progress;
      const { macroAccuracy } = validation;
      // C first: it is what the run is for.
      const terms = Object.entries(losses).sort(
        ([a], [b]) => Number(b === 'classifier') - Number(a === 'classifier'),
      );
      const parts = [
        `epoch ${epoch}/${epochs}`,
        phase === 'training' ? `${duration(secondsLeft)} left` : phase,
        ...(macroAccuracy === undefined ? [] : [`macro ${percent(macroAccuracy)}`]),
        ...terms.map(([term, value]) => `${SHORT[term] ?? term} ${decimal(value)}`),
        `${Math.round(rowsPerSecond)} rows/s`,
      ];
      const columns = (process.stderr.columns ?? 80) - title.length - BAR_SIZE - 10;
      bar.update(done, { done: String(Math.floor(done)).padStart(3), state: fitted(parts, columns) });
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
