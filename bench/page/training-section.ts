import { nameOf } from '../contenders/contender.ts';
import { VARIANTS } from '../contenders/open.ts';
import type { TrainingResult, TrainingRow } from '../training/training.ts';
import { ratioOf } from '../training/verdicts.ts';
import { milliseconds, notMeasured, standsOn, table } from './markdown.ts';

const STEPS = ['classifier-step', 'discriminator-step', 'generator-step', 'joint-iteration'] as const;
const PASSES = ['forward', 'sample'] as const;

const COLUMNS: readonly { readonly title: string; readonly engine: string; readonly variant?: string }[] = [
  { title: 'onnxruntime', engine: 'onnxruntime' },
  { title: 'tensorflow', engine: 'tensorflow' },
  ...VARIANTS.map((variant) => ({ title: `PyTorch ${variant}`, engine: 'pytorch', variant })),
];

/** Columns of those who took part. */
const columnsOf = ({ rows }: TrainingResult): typeof COLUMNS =>
  COLUMNS.filter(({ engine, variant }) =>
    rows.some((row) => row.engine === engine && row.variant === variant),
  );

function stepsTable(result: TrainingResult, threads: number): string {
  const columns = columnsOf(result);
  const ours = columns.filter(({ engine }) => engine !== 'pytorch');
  const rows = STEPS.map((work) => {
    const found = result.rows.filter((row) => row.work === work && row.threads === threads);
    const cell = (title: string): TrainingRow | undefined => {
      const { engine, variant } = columns.find((column) => column.title === title)!;
      return found.find((row) => row.engine === engine && row.variant === variant);
    };
    const bound = found[0]!.boundMs;
    return [
      work,
      ...columns.map(({ title }) => {
        const row = cell(title);
        return row ? `${milliseconds(row.medianMs)} (${milliseconds(row.minMs)})` : '';
      }),
      ...ours.map(({ title }) => {
        const row = cell(title);
        return (row && ratioOf(result.rows, row)?.toFixed(2)) ?? '';
      }),
      milliseconds(bound),
      ...ours.map(({ title }) => {
        const row = cell(title);
        return row ? (row.medianMs / bound).toFixed(1) : '';
      }),
    ];
  });
  return table(
    [
      `${threads} thread${threads > 1 ? 's' : ''}: ms, median (least)`,
      ...columns.map(({ title }) => title),
      ...ours.map(({ title }) => `${title} / PyTorch's best`),
      'bound',
      ...ours.map(({ title }) => `${title} / bound`),
    ],
    rows,
  );
}

function passesTable(result: TrainingResult, threads: number): string {
  const columns = columnsOf(result);
  const found = result.rows.filter(
    ({ work, threads: with_ }) => (PASSES as readonly string[]).includes(work) && with_ === threads,
  );
  const jobs = [...new Set(found.map(({ work, batch }) => `${work}, ${batch} row${batch > 1 ? 's' : ''}`))];
  const rows = jobs.map((job) => {
    const of = found.filter(({ work, batch }) => job === `${work}, ${batch} row${batch > 1 ? 's' : ''}`);
    const ours = of.find(({ engine }) => engine === 'onnxruntime')!;
    return [
      job,
      ...columns.map(({ engine, variant }) => {
        const row = of.find((each) => each.engine === engine && each.variant === variant);
        return row ? String(Math.round((1000 * row.batch) / row.medianMs)) : '';
      }),
      ratioOf(result.rows, ours)?.toFixed(2) ?? '',
    ];
  });
  return table(
    [
      `${threads} thread${threads > 1 ? 's' : ''}: rows per second`,
      ...columns.map(({ title }) => title),
      "time: onnxruntime / PyTorch's best",
    ],
    rows,
  );
}

const verdictsTable = ({ verdicts }: TrainingResult): string =>
  table(
    ['goal', 'threads', 'found', 'fastest runs', 'allowed', 'bound alone', 'verdict'],
    verdicts.map(({ engine, work, threads, ratio, ratioOfFastest, most, least, met }) => [
      `${engine}, ${work}`,
      String(threads),
      ratio.toFixed(2),
      ratioOfFastest.toFixed(2),
      most.toFixed(2),
      least.toFixed(2),
      met ? 'met' : '**not met**',
    ]),
  );

export function trainingSection(result: TrainingResult | undefined): string {
  if (!result) return `## Training steps\n\n${notMeasured('training')}`;
  const threads = [...new Set(result.rows.map((row) => row.threads))];
  const rates = threads
    .map((count) => `${result.gigaflopsPerSecond[count]} GFLOP/s with ${count}`)
    .join(', ');
  const largest = (kind: 'loss' | 'gradient' | 'change'): string =>
    Math.max(0, ...result.checks.map((check) => check[kind])).toExponential(0);
  return [
    '## Training steps',
    `${result.shape}, batch 16; D sees 32 rows, C in the joint iteration up to 26. ${standsOn(result, result.versions)}`,
    ...result.absent.map(({ who, reason }) => `${who} took no part: ${reason}.`),
    ...threads.map((count) => stepsTable(result, count)),
    `The bound is the time of the matrix products alone at the best rate of a large product in the same run (${rates} threads). Before anything was timed, ${
      result.checks
        .map(nameOf)
        .filter((name, at, all) => all.indexOf(name) === at)
        .join(', ') || 'nobody'
    } ran every step from the same weights on the same inputs as onnxruntime: losses agree to ${largest('loss')}, gradients to ${largest('gradient')}, changes of weights to ${largest('change')}.`,
    ...(result.verdicts.length > 0 ? [verdictsTable(result)] : []),
    '## Sampler and forward pass',
    "`forward` is Classify's program, scaling and softmax included; `sample` is Synthesize's sampler, which always runs whole blocks of 32 rows, so that a row never depends on who asks for it: few rows cost as much as 32.",
    ...threads.map((count) => passesTable(result, count)),
  ].join('\n\n');
}
