import { tableCsv } from '../../src/experiments/csv.ts';
import type { FigurePoints } from '../../src/experiments/figure-points.ts';
import { tableMarkdown } from '../../src/experiments/markdown.ts';
import { distinctResults, renderExperimentReport } from '../../src/experiments/report/report.ts';
import { printFigure } from '../../src/experiments/report/scatter.ts';
import type { TableSummary } from '../../src/experiments/summary.ts';
import type { ExperimentStore } from './store.ts';

/** Writes the files of an experiment; the report and `runs.json` cover all `tables`, of which the first is the one asked for. */
export async function writeOutputs(
  store: ExperimentStore,
  { command, now }: { readonly command: string; readonly now: () => Date },
  tables: readonly [TableSummary, ...TableSummary[]],
  figure: FigurePoints | undefined,
): Promise<void> {
  const [table] = tables;
  const { name } = table.experiment;
  await store.write(`${name}.csv`, tableCsv(table));
  await store.write(`${name}.md`, tableMarkdown(table));
  if (figure) await store.write('figure2.svg', printFigure(figure));
  const runs = { command, runs: distinctResults(tables) };
  await store.write('runs.json', `${JSON.stringify(runs, null, 1)}\n`);
  const created = now().toISOString();
  await store.write('report.html', renderExperimentReport({ tables, figure, command, created }));
}
