import { writeFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { VigilError } from '../../src/errors.ts';
import { SynthesizeSummarySchema, SyntheticScore, ValueUnits } from '../gen/vigil/v1/synthesize_pb.ts';
import { decimal, messageJson, write, writeJson } from './print.ts';
import { openSource } from './rows.ts';
import { globalsOf, withClients } from './session.ts';
import { type SyntheticRows, synthesizeRows, syntheticNpz } from './synthetic-rows.ts';
import { collectPair } from './train.ts';

interface SynthesizeFlags {
  readonly count: Readonly<Record<string, string>>;
  readonly balanceTo?: string;
  readonly present: Readonly<Record<string, string>>;
  readonly presentIn?: string;
  readonly model: string;
  readonly seed?: string;
  readonly units: 'original' | 'scaled';
  readonly scores?: string | true;
  readonly minDSrc?: number;
  readonly minDCls?: number;
  readonly minC?: number;
  readonly maxTries?: string;
  readonly out?: string;
}

export function addSynthesize(program: Command): void {
  program
    .command('synthesize')
    .description('draw rows of given classes from a model that has a generator')
    .option('-c, --count <class=rows>', 'rows of a class; repeatable', collectPair, {})
    .option('--balance-to <rows>', 'instead: fill every class up to so many rows, or to the "largest"')
    .option('--present <class=rows>', 'rows of a class that are there already; repeatable', collectPair, {})
    .option('--present-in <source>', 'or a dataset file, example:... or simulated:... whose rows are there')
    .option('-m, --model <model>', 'a version or an alias', 'stable')
    .option('--seed <seed>', 'the same seed gives the same rows; drawn when absent')
    .addOption(
      new Option('--units <units>', 'units of the values')
        .choices(['original', 'scaled'])
        .default('original'),
    )
    .option('--scores [names]', 'scores of every row: d_src, d_cls, c, with commas; all by default')
    .option('--min-d-src <p>', 'only rows that D takes to be real with this probability', toThreshold)
    .option('--min-d-cls <p>', 'only rows that D takes to be of their class', toThreshold)
    .option('--min-c <p>', 'only rows that C takes to be of their class', toThreshold)
    .option('--max-tries <n>', 'rows that may be tried for each that is wanted')
    .option('-o, --out <file.npz>', 'where the rows go; scores as arrays beside them')
    .action(async (flags: SynthesizeFlags, command: Command) => {
      const { address, json } = globalsOf(command);
      const { model, out, units } = flags;
      const seed = flags.seed === undefined ? {} : { seed: toInteger('--seed', flags.seed) };
      if (out !== undefined && !out.endsWith('.npz'))
        throw VigilError.field('--out', JSON.stringify(out), 'a file name that ends in .npz');
      const request = {
        ...(await wantedRows(flags)),
        ...acceptOf(flags),
        scores: flags.scores === undefined ? [] : toScores(flags.scores),
        units: units === 'scaled' ? ValueUnits.SCALED : ValueUnits.ORIGINAL,
        ...seed,
      };
      await withClients(address, async (clients) => {
        const { version } = await clients.models.getModelVersion({ model });
        const rows = await synthesizeRows(clients, { model: version!.version, ...request });
        if (out !== undefined) await writeFile(out, syntheticNpz(rows, version!.classNames));
        if (json) return writeJson(messageJson(SynthesizeSummarySchema, rows.summary));
        print(rows, out);
      });
    });
}

function print({ summary, header, classNames, scores }: SyntheticRows, out: string | undefined): void {
  const counts = summary.counts.map(({ className, rows }) => `${rows} ${className}`).join(', ');
  const shape = `[${classNames.length}, ${header.channels}, ${header.steps}]`;
  write(`${counts || 'no class lacks rows'}: ${shape} by version ${summary.modelVersion}`);
  for (const { className, tried, accepted } of summary.draws)
    if (tried > accepted) write(`${className}: ${accepted} accepted of ${tried} tried`);
  for (const [name, values] of Object.entries(scores))
    write(`${name}: mean ${decimal(values.reduce((sum, value) => sum + value, 0) / values.length)}`);
  write(`seed ${summary.seed}  sha256 ${summary.sha256}${out === undefined ? '' : `  in ${out}`}`);
}

/** Counts, or a balance with what is there already. */
async function wantedRows({ count, balanceTo, present, presentIn }: SynthesizeFlags) {
  const counts = toEntries('--count', count);
  if (balanceTo === undefined) {
    if (presentIn !== undefined || Object.keys(present).length > 0)
      throw VigilError.field('--present', 'no --balance-to beside it', '--balance-to ROWS or largest');
    return { counts };
  }
  const there = presentIn === undefined ? toEntries('--present', present) : await rowsIn(presentIn);
  const target =
    balanceTo === 'largest'
      ? { case: 'toLargest' as const, value: true }
      : { case: 'toRows' as const, value: toInteger('--balance-to', balanceTo) };
  return { counts, balance: { present: there, target } };
}

const toEntries = (flag: string, pairs: Readonly<Record<string, string>>) =>
  Object.entries(pairs).map(([className, rows]) => ({ className, rows: toInteger(flag, rows) }));

async function rowsIn(source: string) {
  const { dataset } = await openSource(source);
  return dataset.classNames.map((className, k) => ({
    className,
    rows: BigInt(dataset.labels.reduce((sum, label) => sum + Number(label === k), 0)),
  }));
}

function acceptOf({ minDSrc = 0, minDCls = 0, minC = 0, maxTries }: SynthesizeFlags) {
  if (minDSrc + minDCls + minC === 0 && maxTries === undefined) return {};
  const tries = maxTries === undefined ? 0 : Number(toInteger('--max-tries', maxTries));
  return { accept: { minDSrc, minDCls, minC, maxTries: tries } };
}

const SCORES: Readonly<Record<string, SyntheticScore>> = {
  d_src: SyntheticScore.D_SRC,
  d_cls: SyntheticScore.D_CLS,
  c: SyntheticScore.C,
};

function toScores(names: string | true): SyntheticScore[] {
  if (names === true) return Object.values(SCORES);
  return names.split(',').map((name) => {
    const score = SCORES[name.trim()];
    if (score) return score;
    throw VigilError.field('--scores', JSON.stringify(name), Object.keys(SCORES).join(', '));
  });
}

function toThreshold(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('Allowed: 0 to 1.');
}

function toInteger(flag: string, text: string): bigint {
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  throw new InvalidArgumentError(`${flag}: found ${JSON.stringify(text)}; allowed: an integer of at least 0`);
}
