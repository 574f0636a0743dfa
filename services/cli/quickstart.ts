/** The whole product once, on shipped recordings of real people: train, promote, classify, synthesise, report. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { rowsByClass } from '../../src/data/batches.ts';
import type { Dataset, Split } from '../../src/data/dataset.ts';
import type { EpochRecord } from '../../src/evaluation/history.ts';
import type { Evaluation } from '../../src/evaluation/metrics.ts';
import type { ReportChannel, ReportContent, ReportPerson } from '../../src/evaluation/report/content.ts';
import { renderReport } from '../../src/evaluation/report/report.ts';
import { allFinite, channelBands, channelStd, type Rows } from '../../src/synthesis/quality.ts';
import { parseSplitOptions } from '../../src/training/options.ts';
import { splitRows } from '../../src/training/split-rows.ts';
import type { Clients } from '../client/clients.ts';
import { fromEpoch, fromEvaluation } from '../client/evaluation.ts';
import type { ClassifyResponse } from '../gen/vigil/v1/classify_pb.ts';
import { RunState } from '../gen/vigil/v1/train_pb.ts';
import { type ChildServer, startChildServer } from './child-server.ts';
import { decimal, percent, remark, write, writeJson } from './print.ts';
import { classifyRows, openSource, takeRows } from './rows.ts';
import { globalsOf, withClients } from './session.ts';
import { type SyntheticRows, synthesizeRows } from './synthetic-rows.ts';
import { watchRun } from './watch.ts';

const DATASET = 'example:uta-rldd-blinks';
/** The authors' folds of people: nobody stands on two sides. */
const SPLIT = { by: 'fold', testFold: 5, validationFold: 4 };
const SEED = 1;

/** Long enough to learn something, short enough to watch. */
const EPOCHS = { joint_scratch: 12, classifier_only: 12 };
const SHORT_EPOCHS = { joint_scratch: 1, classifier_only: 2 };
type Regime = keyof typeof EPOCHS;

interface Trained {
  readonly regime: Regime;
  readonly version: string;
  readonly evaluation: Evaluation;
  readonly history: readonly EpochRecord[];
  readonly seconds: number;
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const began = performance.now();
  const result = await work();
  return [result, Math.round(performance.now() - began) / 1000];
}

async function trainOne(clients: Clients, regime: Regime, epochs: number, quiet: boolean): Promise<Trained> {
  const [run, seconds] = await timed(async () => {
    const { name } = await clients.training.train({
      requestId: `quickstart-${regime}`,
      dataset: DATASET,
      regime,
      split: SPLIT,
      options: { epochs, seed: BigInt(SEED), selectBy: 'macroAccuracy' },
      displayName: `quickstart ${regime}`,
    });
    const runName = name.replace('operations/', 'runs/');
    const last = await watchRun(clients, runName, { json: false, title: regime.padEnd(15) });
    if (last.state !== RunState.SUCCEEDED)
      throw new Error(`${regime} ${RunState[last.state]}: ${last.error?.message}`);
    return (await clients.training.getRun({ name: runName })).run!;
  });
  if (!quiet)
    write(
      `${regime}: version ${run.modelVersion}, macro accuracy ${percent(run.evaluation?.macroAccuracy)} on people it never saw, ${seconds.toFixed(0)} s`,
    );
  const evaluation = fromEvaluation(run.evaluation!);
  return { regime, version: run.modelVersion, evaluation, history: run.history.map(fromEpoch), seconds };
}

/** By validation, not by test: the test scores stay honest. */
function better(models: readonly Trained[]): { model: Trained; reason: string } {
  const best = ({ history }: Trained): number =>
    Math.max(...history.map(({ validation }) => validation.macroAccuracy));
  const [first, ...others] = models as [Trained, ...Trained[]];
  const model = others.reduce((winner, other) => (best(other) > best(winner) ? other : winner), first);
  const scores = models.map((each) => `${each.regime} ${percent(best(each))}`).join(', ');
  return {
    model,
    reason: `${model.regime} has the best macro accuracy on the validation people (${scores})`,
  };
}

/** Windows of each test person and label, with the answers they got. */
function people(
  dataset: Dataset,
  rows: readonly number[],
  predictions: ClassifyResponse['predictions'],
): ReportPerson[] {
  const found = new Map<string, { person: string; label: string; answers: string[] }>();
  rows.forEach((row, at) => {
    const person = String(dataset.groups![row]);
    const label = dataset.classNames[dataset.labels[row]!]!;
    const key = `${person.padStart(8)} ${dataset.labels[row]}`;
    const entry = found.get(key) ?? { person, label, answers: [] };
    entry.answers.push(predictions[at]!.topClass);
    found.set(key, entry);
  });
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { person, label, answers }]) => {
      const count = (name: string): number => answers.filter((answer) => answer === name).length;
      const answer = dataset.classNames.reduce((best, name) => (count(name) > count(best) ? name : best));
      return { person, label, windows: answers.length, right: count(label), answer };
    });
}

/** The sparsest training class, and rows enough to make it as large as the largest. */
function sparsest(
  dataset: Dataset,
  split: Split,
): { className: string; real: Uint32Array; missing: number; classRows: number[] } {
  const byClass = rowsByClass(dataset, split.train);
  const classRows = byClass.map((rows) => rows.length);
  const least = classRows.indexOf(Math.min(...classRows));
  const missing = Math.max(...classRows) - classRows[least]!;
  return {
    className: dataset.classNames[least]!,
    real: Uint32Array.from(byClass[least]!),
    missing: Math.max(64, missing),
    classRows,
  };
}

function channelsOf(dataset: Dataset, real: Uint32Array, synthetic: Rows): ReportChannel[] {
  const { channels, steps } = dataset;
  const measured: Rows = { values: takeRows(dataset, real), rows: real.length, channels, steps };
  return dataset.channelNames.map((name, channel) => ({
    name,
    real: channelBands(measured, channel),
    synthetic: channelBands(synthetic, channel),
  }));
}

const rowsOf = ({ values, classNames, header }: SyntheticRows): Rows => ({
  values,
  rows: classNames.length,
  channels: header.channels,
  steps: header.steps,
});

async function run(server: ChildServer, out: string, epochs: typeof EPOCHS, json: boolean): Promise<void> {
  const began = performance.now();
  const { dataset, split: own } = await openSource(DATASET);
  const { split } = splitRows(dataset, own, parseSplitOptions(SPLIT), SEED);
  const { className, real, missing, classRows } = sparsest(dataset, split);
  await withClients(server.address, async (clients) => {
    const classifierOnly = await trainOne(clients, 'classifier_only', epochs.classifier_only, json);
    const joint = await trainOne(clients, 'joint_scratch', epochs.joint_scratch, json);
    const models = [classifierOnly, joint];
    const { model, reason } = better(models);
    await clients.models.setAlias({ alias: 'stable', version: model.version });
    remark(`version ${model.version} is stable: ${reason}`);
    const test = [...split.test];
    const shape = [test.length, dataset.channels, dataset.steps];
    const [{ predictions }, classifySeconds] = await timed(() =>
      classifyRows(clients, 'stable', shape, takeRows(dataset, test)),
    );
    const right = predictions.filter(
      ({ topClass }, at) => topClass === dataset.classNames[dataset.labels[test[at]!]!],
    ).length;
    remark(
      `classified ${predictions.length} windows of people it never saw: ${percent(right / predictions.length)} right`,
    );
    const [synthetic, synthesizeSeconds] = await timed(() =>
      synthesizeRows(clients, {
        model: joint.version,
        counts: [{ className, rows: BigInt(missing) }],
        seed: BigInt(SEED),
      }),
    );
    const rows = rowsOf(synthetic);
    const std = channelStd(rows);
    remark(
      `synthesised ${rows.rows} rows of ${className}; deviation by channel ${std.map((value) => decimal(value)).join(', ')}`,
    );
    const content: ReportContent = {
      dataset: DATASET,
      split: {
        by: 'the fold of the person',
        train: split.train.length,
        validation: split.validation.length,
        test: split.test.length,
      },
      classNames: dataset.classNames,
      classRows,
      engine: server.engine,
      created: new Date().toISOString(),
      models,
      promoted: { version: model.version, reason },
      people: people(dataset, test, predictions),
      synthetic: {
        className,
        rows: rows.rows,
        seed: String(SEED),
        sha256: synthetic.summary.sha256,
        channels: channelsOf(dataset, real, rows),
      },
    };
    await writeFile(join(out, 'report.html'), renderReport(content));
    const summary = {
      models: Object.fromEntries(
        models.map(({ regime, version, evaluation: { accuracy, macroAccuracy, macroAuc, perClass } }) => [
          regime,
          { version, accuracy, macroAccuracy, macroAuc, perClass },
        ]),
      ),
      synthesised: { rows: rows.rows, finite: allFinite(rows), channelStd: std },
      seconds: {
        ...Object.fromEntries(models.map(({ regime, seconds }) => [regime, seconds])),
        classify: classifySeconds,
        synthesise: synthesizeSeconds,
        total: Math.round(performance.now() - began) / 1000,
      },
      engine: server.engine,
    };
    await writeFile(join(out, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
    if (json) writeJson(summary);
  });
}

export function addQuickstart(program: Command): void {
  program
    .command('quickstart')
    .description(
      'start a server, train on shipped recordings of real people, classify, synthesise, and write a report',
    )
    .option('--short', 'train for a moment only, to see that everything works', false)
    .option(
      '-o, --out <directory>',
      'where report, summary, log and data go; emptied first',
      join('out', 'quickstart'),
    )
    .action(async (flags: { short: boolean; out: string }, command: Command) => {
      const { json } = globalsOf(command);
      const out = resolve(flags.out);
      await mkdir(out, { recursive: true });
      for (const name of ['data', 'report.html', 'summary.json', 'server.log'])
        await rm(join(out, name), { recursive: true, force: true });
      const server = await startChildServer(join(out, 'data'), join(out, 'server.log'));
      try {
        remark(
          `serving on ${server.address} with the ${server.engine} engine; metrics at ${server.ops}/metrics`,
        );
        await run(server, out, flags.short ? SHORT_EPOCHS : EPOCHS, json);
      } finally {
        await server.stop();
      }
      remark(`report: ${join(out, 'report.html')}`);
    });
}
