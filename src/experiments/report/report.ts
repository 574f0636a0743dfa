/** The report of a directory of experiments: one page, what came out in words first. */
import { charts, escapeHtml, legend, page, section, table } from '../../evaluation/report/page.ts';
import type { FigurePoints } from '../figure-points.ts';
import { formatValue, plural } from '../format.ts';
import { headline } from '../headline.ts';
import { MEASURES } from '../measures.ts';
import type { RunResult } from '../run-result.ts';
import type { TableSummary } from '../summary.ts';
import { textTables } from '../table-cells.ts';
import { differencesChart, runsChart } from './charts.ts';
import { scatterCharts } from './scatter.ts';

export interface ExperimentReport {
  /** The one that was asked for first, then others of the directory. */
  readonly tables: readonly TableSummary[];
  /** Where Figure 2 was drawn. */
  readonly figure: FigurePoints | undefined;
  /** How to make it again, and when it was made. */
  readonly command: string;
  readonly created: string;
}

function tableSection(summary: TableSummary, figure: FigurePoints | undefined): string[] {
  const { experiment } = summary;
  const figures = experiment.compared.flatMap((measure) => [
    { title: `${MEASURES[measure].title}: every run, and the mean`, svg: runsChart(summary, measure) },
    {
      title: `${MEASURES[measure].title}: mean difference, 95 % interval; the band is a tie`,
      svg: differencesChart(summary, measure),
    },
  ]);
  const drawn = experiment.name === 'figure2' && figure ? [embeddingSection(figure)] : [];
  return [
    section(experiment.title, escapeHtml(experiment.question), charts(figures, true)),
    ...drawn,
    ...textTables(summary).map(({ title, note, header, rows }) =>
      section(title, escapeHtml(note), table(header, rows)),
    ),
  ];
}

function embeddingSection(figure: FigurePoints): string {
  const text =
    'Training rows (dots) and rows of the generator (crosses), scaled as the networks see them: 50 principal components, then UMAP, fitted once to the real rows and to the synthetic ones of before and after together, so that a place means the same in both panels. Distances in such a map are no measurements; the numbers are in the tables.';
  return section(
    'Real and synthetic rows in one embedding',
    `${text} Run <code>${escapeHtml(figure.run)}</code>.`,
    legend(figure.classNames),
    charts(scatterCharts(figure), true),
  );
}

function madeOf(summary: TableSummary): string {
  const first = summary.reference.results[0]!;
  const { data, engine, options, codeVersion, node } = first;
  const { split } = data;
  const shares = data.classShares ? `, training rows thinned to shares ${data.classShares.join(', ')}` : '';
  const text = `${data.name}, divided by ${split.by}: ${split.train} training, ${split.validation} validation and ${split.test} test rows in the first run${shares}. ${plural(Number(options.epochs), 'epoch')}, ${plural(summary.seeds, 'seed')}${summary.folds > 0 ? `, ${summary.folds} test folds` : ''}. ${engine.version} on ${engine.device}, Vigil ${codeVersion}, Node ${node}.`;
  return `<p>${escapeHtml(text)} SHA-256 of the data <code>${escapeHtml(data.sha256)}</code>.</p>`;
}

function runsTable(results: readonly RunResult[]): string {
  const header = [
    'run',
    'macro accuracy, %',
    'prior-corrected, %',
    'macro AUC',
    'updates of C',
    'epoch taken',
    'seconds',
  ];
  const rows = results.map((result) => [
    result.id,
    formatValue(result.evaluation.macroAccuracy, 'share'),
    formatValue(result.priorCorrected.macroAccuracy, 'share'),
    formatValue(result.evaluation.macroAuc, 'number'),
    formatValue(result.classifierUpdates, 'count'),
    String(result.selectedEpoch),
    formatValue(result.trainingSeconds, 'count'),
  ]);
  return `<details><summary>All ${results.length} runs</summary>${table(header, rows)}</details>`;
}

function warningsOf(results: readonly RunResult[]): string[] {
  const warned = results.filter(({ warnings }) => warnings.length > 0);
  if (warned.length === 0) return [];
  const rows = warned.flatMap(({ id, warnings }) => warnings.map((text) => [id, text]));
  return [
    section(
      'Warnings',
      `${warned.length} of ${results.length} runs warned while they trained.`,
      `<details><summary>All ${rows.length} warnings</summary>${table(['run', 'warning'], rows, 2)}</details>`,
    ),
  ];
}

/** Runs of several tables, each once. */
export function distinctResults(tables: readonly TableSummary[]): readonly RunResult[] {
  const all = tables.flatMap(({ rows }) => rows.flatMap(({ results }) => results));
  return [...new Map(all.map((result) => [result.id, result])).values()];
}

/** The whole report as HTML. */
export function renderExperimentReport({ tables, figure, command, created }: ExperimentReport): string {
  const [first, ...others] = tables as [TableSummary, ...TableSummary[]];
  const results = distinctResults(tables);
  return page(first.experiment.title, [
    `<h1 class="said">${escapeHtml(headline(first))}</h1>`,
    madeOf(first),
    ...tableSection(first, figure),
    ...others.flatMap((other) => [
      `<h1 class="said">${escapeHtml(headline(other))}</h1>`,
      ...tableSection(other, figure),
    ]),
    ...warningsOf(results),
    section('Runs', `Everything that is known of each is in <code>runs.json</code>.`, runsTable(results)),
    `<footer>Made again with <code>${escapeHtml(command)}</code>. ${escapeHtml(created)}</footer>`,
  ]);
}
