import { setTimeout as sleep } from 'node:timers/promises';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type Duration, DurationSchema } from '@bufbuild/protobuf/wkt';
import { type Command, InvalidArgumentError } from 'commander';
import {
  Backlog,
  type ClassifyStreamRequestSchema,
  type HopResult,
  HopResultSchema,
  type StreamReady,
  WithheldReason,
} from '../gen/vigil/v1/classify_stream_pb.ts';
import { decimal, messageJson, percent, printable, remark, write } from './print.ts';
import { openRecording, type Recording } from './recording.ts';
import { globalsOf, withClients } from './session.ts';

interface StreamFlags {
  readonly model: string;
  readonly window: number;
  readonly hop: number;
  readonly clip?: string;
  readonly rows?: string;
  readonly speed?: number;
  readonly level: LevelFlag[];
}

interface LevelFlag {
  readonly name: string;
  readonly classNames: string[];
  readonly enter: number;
  readonly leave: number;
}

type Request = MessageInitShape<typeof ClassifyStreamRequestSchema>;

/** Frames in a message where nobody waits for them. */
const FRAMES_A_MESSAGE = 64;

export function addStream(program: Command): void {
  program
    .command('stream <source>')
    .description('replay a recording through ClassifyStream: a clip of a CSV file, or rows of a dataset')
    .option('-m, --model <model>', 'a version or an alias', 'stable')
    .option('--window <seconds>', 'what the model sees; a row of a dataset lasts as long', positive, 10)
    .option('--hop <seconds>', 'from one result to the next', positive, 1)
    .option('--clip <id>', 'which clip of a CSV file; the first by default')
    .option('--rows <rows>', 'which rows of a dataset, such as 0-9,20; all by default')
    .option('--speed <factor>', 'times real time; as fast as it is answered by default', positive)
    .option(
      '--level <level>',
      'NAME=CLASS[,CLASS]:ENTER:LEAVE, lowest first; may be given again',
      (text: string, all: LevelFlag[]) => [...all, parseLevel(text)],
      [] as LevelFlag[],
    )
    .action(async (source: string, flags: StreamFlags, command: Command) => {
      const { address, json } = globalsOf(command);
      const recording = await openRecording(source, { ...flags, windowUs: Math.round(flags.window * 1e6) });
      await withClients(address, async ({ classifier }) => {
        let ready: StreamReady | undefined;
        let results = 0;
        let withheld = 0;
        for await (const { message } of classifier.classifyStream(requestsOf(flags, recording))) {
          if (message.case === 'ready') {
            ready = message.value;
            if (!json) write(header(ready));
          } else if (message.case === 'result') {
            results += 1;
            if (message.value.withheld) withheld += 1;
            if (json) write(JSON.stringify(messageJson(HopResultSchema, message.value)));
            else write(lineOf(message.value, ready!));
          }
        }
        remark(`${printable(recording.name)}: ${results} results, ${withheld} of them withheld`);
      });
    });
}

async function* requestsOf(flags: StreamFlags, recording: Recording): AsyncIterable<Request> {
  const { model, window, hop, level: levels, speed } = flags;
  // At a speed of its own the replay is a live source; without one every window counts.
  const backlog = speed === undefined ? Backlog.WAIT : Backlog.NEWEST;
  const value = { model, window: seconds(window), hop: seconds(hop), levels, backlog };
  yield { message: { case: 'config', value } };
  const { times } = recording;
  const began = performance.now();
  for (let from = 0; from < times.length; ) {
    const to = speed === undefined ? Math.min(times.length, from + FRAMES_A_MESSAGE) : from + 1;
    if (speed !== undefined)
      await sleep(Math.max(0, began + times[from]! / 1000 / speed - performance.now()));
    yield framesOf(recording, from, to);
    from = to;
  }
}

function framesOf({ times, values, channels }: Recording, from: number, to: number): Request {
  const raw = new Uint8Array(values.slice(from * channels, to * channels).buffer);
  const value = {
    timestampsUs: times.slice(from, to).map(BigInt),
    values: { case: 'raw' as const, value: raw },
  };
  return { message: { case: 'frames', value } };
}

const TIME_WIDTH = 10;
const CELL_WIDTH = 9;
const LEVEL_WIDTH = 14;

/** Lines are written as they come, so widths are fixed and not those of the longest cell. */
const columns = (time: string, level: string, cells: readonly string[], rest: string): string =>
  [
    time.padStart(TIME_WIDTH),
    level.padEnd(LEVEL_WIDTH),
    ...cells.map((cell) => cell.padStart(Math.max(CELL_WIDTH, cell.length))),
    rest,
  ]
    .map(printable)
    .join('  ')
    .trimEnd();

function header({ classNames, modelVersion }: StreamReady): string {
  remark(`version ${modelVersion}; smoothed probabilities per hop`);
  return columns(
    'TIME',
    'LEVEL',
    classNames.map((name) => name.toUpperCase()),
    'OBSERVED',
  );
}

function lineOf(result: HopResult, { classNames }: StreamReady): string {
  const { windowEndUs, level, levelChanged, smoothed, coverage, withheld } = result;
  const time = `${(Number(windowEndUs) / 1e6).toFixed(1)} s`;
  const mark = levelChanged ? `${level} *` : level;
  if (withheld) {
    const why = `${WithheldReason[withheld.reason].toLowerCase()}: ${withheld.message}`;
    return columns(time, mark, [], why);
  }
  const cells = smoothed.map((p, k) => decimal(p).padStart(classNames[k]!.length));
  return columns(time, mark, cells, percent(coverage));
}

function seconds(value: number): Duration {
  const us = Math.round(value * 1e6);
  return create(DurationSchema, { seconds: BigInt(Math.floor(us / 1e6)), nanos: (us % 1e6) * 1000 });
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('Allowed: a number above 0.');
  return value;
}

function parseLevel(text: string): LevelFlag {
  const [, name, classes, enter, leave] = /^([^=]+)=([^:]+):([\d.]+):([\d.]+)$/.exec(text) ?? [];
  if (!name || !classes)
    throw new InvalidArgumentError('Allowed: NAME=CLASS[,CLASS]:ENTER:LEAVE, such as drowsy=drowsy:0.7:0.5.');
  return { name, classNames: classes.split(','), enter: Number(enter), leave: Number(leave) };
}
