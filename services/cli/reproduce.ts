import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { parseClassShares } from '../../src/experiments/class-shares.ts';
import { EXPERIMENT_NAMES, type ExperimentName } from '../../src/experiments/experiment.ts';
import { headline } from '../../src/experiments/headline.ts';
import { PRESET_NAMES, PRESETS, type PresetName } from '../../src/experiments/presets.ts';
import type { TableSummary } from '../../src/experiments/summary.ts';
import { scoreTable } from '../../src/experiments/table-cells.ts';
import { graphCacheOf, readConfig } from '../config.ts';
import { reproduce } from '../experiments/reproduce.ts';
import { TrainingOptionsSchema } from '../gen/vigil/v1/train_pb.ts';
import { createLogger } from '../observability/logger.ts';
import { projectVersion } from '../project.ts';
import { EXIT } from './failure.ts';
import { remark, write, writeJson, writeTable } from './print.ts';
import { type CommandFlags, commandText } from './reproduce-command.ts';
import { createReproduceView } from './reproduce-view.ts';
import { globalsOf } from './session.ts';
import { collectPair, toFields } from './train.ts';

interface ReproduceFlags extends CommandFlags {
  readonly data?: string;
  readonly preset: PresetName;
  readonly seeds?: number;
  readonly epochs?: number;
  readonly jobs: number;
  readonly out: string;
}

const count =
  (most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= 1 && value <= most) return value;
    throw new InvalidArgumentError(`Allowed: an integer from 1 to ${most}.`);
  };

function writeSummary(table: TableSummary, out: string): void {
  write(headline(table));
  const { header, rows } = scoreTable(table);
  writeTable(header, rows);
  remark(`report: ${join(out, 'report.html')}`);
}

/** Runs until done or interrupted; a second Ctrl-C does not wait. Resolves with the exit code. */
async function run(name: ExperimentName, flags: ReproduceFlags, json: boolean): Promise<number> {
  const preset = PRESETS[flags.preset];
  const { data = preset.data, epochs = preset.epochs, seeds = preset.seeds } = flags;
  const config = readConfig(process.env);
  const out = resolve(flags.out);
  const view = createReproduceView(name, () => performance.now() / 1000);
  const stopping = new AbortController();
  const interrupt = (): void => {
    if (stopping.signal.aborted) process.exit(EXIT.interrupted);
    stopping.abort();
    view.end();
    remark('stopping; the same command goes on from the last checkpoints');
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    const table = await reproduce(
      {
        experiment: name,
        data,
        epochs,
        seeds,
        folds: flags.folds,
        classShares: flags.classShares === undefined ? undefined : parseClassShares(flags.classShares),
        options: toFields(TrainingOptionsSchema.fields, flags.set),
        jobs: flags.jobs,
        out,
        command: commandText(name, flags, { data, epochs, seeds }),
        engine: {
          engine: config.VIGIL_ENGINE,
          device: config.VIGIL_ENGINE_DEVICE,
          log: createLogger('silent'),
        },
        graphCache: (directory) =>
          graphCacheOf({ ...config, VIGIL_GRAPH_CACHE_DIR: config.VIGIL_GRAPH_CACHE_DIR ?? directory }),
        codeVersion: projectVersion(),
        now: () => new Date(),
      },
      view,
      stopping.signal,
    );
    view.end();
    if (!table) return EXIT.interrupted;
    if (json) writeJson({ headline: headline(table), out });
    else writeSummary(table, out);
    return EXIT.ok;
  } finally {
    view.end();
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

export function addReproduce(program: Command): void {
  program
    .command('reproduce')
    .description(
      "the paper's tables and figure, and the baselines, with seeds and intervals; needs no server",
    )
    .addArgument(new Argument('<experiment>', 'what to make').choices(EXPERIMENT_NAMES))
    .addOption(
      new Option('-p, --preset <name>', 'data, epochs and seeds').choices(PRESET_NAMES).default('smoke'),
    )
    .option('-d, --data <source>', 'a dataset file, example:... or simulated:...; default: of the preset')
    .option('--epochs <n>', 'of every run; default: of the preset', count(10_000))
    .option(
      '--seeds <n>',
      'runs of every row; fewer than 10 are exploratory; default: of the preset',
      count(1000),
    )
    .option('--folds', "leave out one of the authors' folds at a time, for data that has folds", false)
    .option('--class-shares <list>', 'thin the training rows to these shares, for example 0.53,0.18,0.29')
    .option('-s, --set <name=value>', 'a training option of every run; repeatable', collectPair, {})
    .option('-j, --jobs <n>', 'processes that train at a time', count(1024), availableParallelism())
    .option(
      '-o, --out <directory>',
      'where results go, and where an unfinished experiment goes on',
      join('out', 'reproduce'),
    )
    .action(async (name: ExperimentName, flags: ReproduceFlags, command: Command) => {
      process.exitCode = await run(name, flags, globalsOf(command).json);
    });
}
