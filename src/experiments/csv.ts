/** A table for programs: one line per row, numbers with six decimals, nothing that differs between two equal runs. */
import type { Interval } from '../evaluation/statistics/interval.ts';
import { MEASURES, type MeasureName } from './measures.ts';
import type { RowSummary, Spread, TableSummary } from './summary.ts';

type Cell = readonly [column: string, value: string | number | null];

/** `macroAccuracy` as `macro_accuracy`. */
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function write(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') {
    if (Number.isInteger(value)) return String(value);
    return Number.isFinite(value) ? value.toFixed(6) : '';
  }
  return /[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

const spreadCells = (column: string, spread: Spread | null): Cell[] => [
  [column, spread?.mean ?? null],
  [`${column}_sd`, spread?.deviation ?? null],
];

const intervalCells = (column: string, interval: Interval | null | undefined): Cell[] => [
  [`${column}_low`, interval?.low ?? null],
  [`${column}_high`, interval?.high ?? null],
];

function cellsOf(table: TableSummary, summary: RowSummary): Cell[] {
  const { row, results, spread, classAccuracy, comparisons, subjects, subjectsDifference } = summary;
  const names = Object.keys(MEASURES) as MeasureName[];
  return [
    ['row', row.name],
    ['title', row.title],
    ['regime', row.regime],
    ['prior_corrected', String(row.priorCorrected ?? false)],
    ['runs', results.length],
    ['seeds', table.seeds],
    ['folds', table.folds],
    ['exploratory', String(table.exploratory)],
    ...names.flatMap((name) => spreadCells(snake(name), spread[name])),
    ...table.classNames.flatMap((name, k) => spreadCells(`accuracy:${name}`, classAccuracy[k]!)),
    ...intervalCells('macro_accuracy_over_subjects', subjects),
    ['reference', table.reference.row.name],
    ...table.experiment.compared.flatMap((name): Cell[] => {
      const found = comparisons[name];
      const column = snake(name);
      return [
        [`${column}_difference`, found?.meanDifference ?? null],
        ...intervalCells(`${column}_difference`, found?.interval),
        [`${column}_p`, found?.p ?? null],
        [`${column}_p_holm`, found?.holm ?? null],
        [`${column}_verdict`, found?.verdict ?? ''],
      ];
    }),
    ...intervalCells('macro_accuracy_difference_over_subjects', subjectsDifference),
  ];
}

export function tableCsv(table: TableSummary): string {
  const lines = table.rows.map((row) => cellsOf(table, row));
  const header = lines[0]!.map(([column]) => write(column));
  const body = lines.map((cells) => cells.map(([, value]) => write(value)));
  return `${[header, ...body].map((cells) => cells.join(',')).join('\n')}\n`;
}
