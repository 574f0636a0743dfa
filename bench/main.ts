/** `npm run bench -- <name>`: runs a benchmark, prints what it found, and keeps it in bench/results. */
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { percent, remark, write } from '../services/cli/print.ts';
import { benchCollapse } from './collapse.ts';
import { type Pytorch, providePytorch } from './contenders/install-pytorch.ts';
import { benchEpoch } from './epoch.ts';
import { benchFaults, FAULTS } from './faults/faults.ts';
import { renderCollapse } from './page/collapse-page.ts';
import { renderFaults } from './page/faults-page.ts';
import { renderPage } from './page/render.ts';
import { DOCUMENTED, PAGE, RESULTS, readResults } from './page/results.ts';
import { AXES, type Axis, benchScaling } from './scaling.ts';
import { addServing } from './serving/command.ts';
import { benchStreams } from './streams.ts';
import { benchGpu } from './training/on-gpu.ts';
import { printRows, printTraining } from './training/print-training.ts';
import { benchTraining } from './training/training.ts';

interface PeerFlags {
  readonly withoutPytorch?: boolean;
  readonly install: boolean;
  readonly cache: string;
  readonly python?: string;
}

interface CollapseFlags {
  readonly json: string;
  readonly dataset: string;
  readonly epochs: number;
  readonly seeds: number[];
  readonly generator: string;
}

const AXIS_NAMES = Object.keys(AXES) as Axis[];

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('Allowed: a positive integer.');
  return value;
}

function axis(text: string): Axis {
  const found = AXIS_NAMES.find((name) => name === text);
  if (!found) throw new InvalidArgumentError(`Allowed: ${AXIS_NAMES.join(', ')}.`);
  return found;
}

const integers = (text: string): number[] => text.split(',').map(positive);

async function keep(file: string, result: object): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(result, null, 2)}\n`);
  remark(`written: ${file}`);
}

async function peer({ withoutPytorch, install, cache, python }: PeerFlags): Promise<Pytorch> {
  if (withoutPytorch) return { missing: '--without-pytorch was given' };
  return python ? { python } : providePytorch(cache, install, remark);
}

/** A benchmark that PyTorch takes part in. */
const withPeer = (command: Command): Command =>
  command
    .option('--without-pytorch', 'leave PyTorch out')
    .option('--python <file>', 'a Python that has PyTorch already')
    .option('--no-install', 'do not install PyTorch where it is not yet')
    .option('--cache <directory>', 'where PyTorch is installed', join(homedir(), '.cache', 'vigil-bench'));

const asTyped = (): string => `npm run bench -- ${process.argv.slice(2).join(' ')}`;

const program = new Command('bench').description('Measure Vigil. Figures are ratios within one run.');

withPeer(program.command('training'))
  .description('every training step, forward pass and sampler, beside PyTorch')
  .option('--json <file>', 'where the rows go', join(RESULTS, 'training.json'))
  .option('--threads <list>', 'numbers of threads', integers, availableParallelism() > 1 ? [1, 2] : [1])
  .option('--rounds <count>', 'rounds in which everybody takes turns', positive, 9)
  .action(async (flags: PeerFlags & { json: string; threads: number[]; rounds: number }) => {
    const { threads, rounds } = flags;
    const result = await benchTraining({
      threads,
      pace: { rounds, milliseconds: 80, least: 2 },
      pytorch: await peer(flags),
      command: asTyped(),
      say: remark,
    });
    printTraining(result);
    await keep(flags.json, result);
  });

withPeer(program.command('gpu'))
  .description('the same on a GPU: compiled steps on WebGPU, beside PyTorch on CUDA and ourselves on the CPU')
  .option('--json <file>', 'where the rows go', join(RESULTS, 'gpu.json'))
  .option('--threads <count>', "of everybody's process on the CPU", positive, 2)
  .option('--rounds <count>', 'rounds in which everybody takes turns', positive, 5)
  .action(async (flags: PeerFlags & { json: string; threads: number; rounds: number }) => {
    const { threads, rounds } = flags;
    const result = await benchGpu({
      threads,
      pace: { rounds, milliseconds: 80, least: 2 },
      pytorch: await peer(flags),
      command: asTyped(),
      say: remark,
    });
    printRows(result.rows);
    for (const { who, reason } of result.absent) write(`${who} took no part: ${reason}`);
    await keep(flags.json, result);
  });

program
  .command('epoch')
  .description('an epoch of the paper through the service: the share of it outside the engine')
  .option('--json <file>', 'where the figures go', join(RESULTS, 'epoch.json'))
  .option('--dataset <name>', 'what is trained on', 'simulated:paper')
  .option('--epochs <count>', 'epochs; the first one compiles', positive, 2)
  .action(async ({ json, dataset, epochs }: { json: string; dataset: string; epochs: number }) => {
    const result = await benchEpoch({ dataset, epochs, command: asTyped(), say: remark });
    const { outsideShare } = result.epochs.at(-1)!;
    write(
      `outside the engine: ${percent(outsideShare)}, goal ${percent(result.goal)}: ${result.met ? 'met' : 'NOT met'}`,
    );
    await keep(json, result);
  });

withPeer(program.command('scaling'))
  .description('the joint iteration as batch, steps, channels and classes grow, beside PyTorch')
  .option('--json <file>', 'where the rows go', join(RESULTS, 'scaling.json'))
  .option('--threads <count>', 'threads', positive, 1)
  .option('--axes <list>', 'what grows', (text) => text.split(',').map(axis), [...AXIS_NAMES])
  .option('--rounds <count>', 'rounds in which everybody takes turns', positive, 3)
  .action(async (flags: PeerFlags & { json: string; threads: number; axes: Axis[]; rounds: number }) => {
    const { threads, axes, rounds } = flags;
    const result = await benchScaling({
      threads,
      axes,
      pace: { rounds, milliseconds: 100, least: 1 },
      pytorch: await peer(flags),
      command: asTyped(),
      say: remark,
    });
    await keep(flags.json, result);
  });

program
  .command('faults')
  .description('kills, stops and starves a server under load, and tells what was lost')
  .argument('[names...]', `of ${Object.keys(FAULTS).join(', ')}; default: all`, [])
  .option('--json <file>', 'where the rows go', join(DOCUMENTED, 'faults.json'))
  .option('--times <count>', 'times that each fault happens, instead of its own number', positive)
  .action(async (names: string[], { json, times }: { json: string; times?: number }) => {
    const unknown = names.filter((name) => !(name in FAULTS));
    if (unknown.length > 0)
      throw new InvalidArgumentError(`${unknown.join(', ')}; allowed: ${Object.keys(FAULTS).join(', ')}.`);
    const chosen = names.length > 0 ? names : Object.keys(FAULTS);
    const result = await benchFaults({ names: chosen, times, command: asTyped(), say: remark });
    for (const { fault, lost, recoveryMs } of result.rows)
      write(
        `${fault}: ${lost} lost${recoveryMs ? `, back after ${recoveryMs.median} ms (longest ${recoveryMs.longest})` : ''}`,
      );
    await keep(json, result);
    await writeFile(json.replace(/\.json$/, '.md'), renderFaults(result));
  });

program
  .command('collapse')
  .description(
    'whether G collapses to one row per class, with the objective of the paper and with mode seeking',
  )
  .option('--json <file>', 'where the figures go', join(DOCUMENTED, 'collapse.json'))
  .option('--dataset <name>', 'what is trained on', 'example:uta-rldd-blinks')
  .option('--epochs <count>', 'epochs of each run', positive, 10)
  .option('--seeds <list>', 'a run of every objective for each', integers, [1, 2, 3])
  .option('--generator <name>', 'generatorArchitecture', 'paper')
  .action(async (flags: CollapseFlags) => {
    const { json, dataset, epochs, seeds, generator } = flags;
    const result = await benchCollapse({
      dataset,
      epochs,
      seeds,
      generatorArchitecture: generator,
      command: asTyped(),
      say: remark,
    });
    await keep(json, result);
    await writeFile(json.replace(/\.json$/, '.md'), renderCollapse(result));
  });

addServing(program, keep, asTyped);

program
  .command('streams')
  .description('memory of idle ClassifyStream calls, beside bidirectional calls of grpc-js that do nothing')
  .option('--json <file>', 'where the figures go', join(RESULTS, 'streams.json'))
  .option('--streams <count>', 'streams that are open at once', positive, 5000)
  .option('--connections <count>', 'connections that they share', positive, 10)
  .action(async ({ json, streams, connections }: { json: string; streams: number; connections: number }) => {
    const result = await benchStreams({ streams, connections, command: asTyped(), say: remark });
    write(
      `an idle stream: ${result.idleBytes} bytes of heap beyond grpc-js's own, goal ${result.goalBytes}: ${result.met ? 'met' : 'NOT met'}`,
    );
    await keep(json, result);
  });

program
  .command('page')
  .description('write docs/performance.md from the results')
  .action(async () => {
    await writeFile(PAGE, renderPage(await readResults()));
    remark(`written: ${PAGE}`);
  });

await program.parseAsync();
