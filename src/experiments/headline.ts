/** What came out, in words: the first thing that a reader sees. A tie is called a tie. */
import type { Verdict } from '../evaluation/statistics/paired.ts';
import { formatDifference, formatInterval, plural } from './format.ts';
import { type ComparedMeasure, MEASURES, TIES } from './measures.ts';
import type { RowSummary, TableSummary } from './summary.ts';

const ORDER: readonly Verdict[] = ['better', 'worse', 'tie', 'undecided'];

/** "a", "a and b", "a, b and c". */
function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/** How small a difference is called a tie. */
export function tieText(measure: ComparedMeasure): string {
  const { unit } = MEASURES[measure];
  const points = 100 * TIES[measure];
  if (unit !== 'share') return String(TIES[measure]);
  return plural(points, 'point');
}

function evidence({ comparisons, subjectsDifference }: RowSummary, measure: ComparedMeasure): string {
  const { meanDifference, interval } = comparisons[measure]!;
  const { unit } = MEASURES[measure];
  const range = formatInterval(interval, unit, true);
  const points = unit === 'share' ? ' points' : '';
  // Seeds say nothing about people, and pairs of one fold share them.
  const people = measure === 'macroAccuracy' ? formatInterval(subjectsDifference, unit, true) : '';
  return [
    `${formatDifference(meanDifference, unit)}${points}`,
    ...(range.includes('to') ? [`interval ${range}`] : []),
    ...(people.includes('to') ? [`over other people ${people}`] : []),
  ].join(', ');
}

function clause(
  verdict: Verdict,
  rows: readonly RowSummary[],
  reference: string,
  measure: ComparedMeasure,
): string {
  // Numbers for what was found; for what was not, the table has them.
  const found = verdict === 'better' || verdict === 'worse' || rows.length === 1;
  const each = (row: RowSummary): string =>
    found ? `“${row.row.title}” (${evidence(row, measure)})` : `“${row.row.title}”`;
  const names = listed(rows.map(each));
  const is = rows.length === 1 ? 'is' : 'are';
  switch (verdict) {
    case 'better':
      return `${names} ${is} better than “${reference}”`;
    case 'worse':
      return `${names} ${is} worse than “${reference}”`;
    case 'tie':
      return `${names} ${rows.length === 1 ? 'ties' : 'tie'} with “${reference}”`;
    case 'undecided':
      return `${names} ${is} undecided: the difference may be chance`;
  }
}

/** One sentence on the table's first measure. With fewer than ten seeds it begins with "Exploratory". */
export function headline(table: TableSummary): string {
  const { experiment, rows, reference, seeds, exploratory } = table;
  const [measure] = experiment.compared as [ComparedMeasure];
  const compared = rows.filter(({ comparisons }) => comparisons[measure]);
  const label = exploratory ? `Exploratory, ${plural(seeds, 'seed')}, which decides nothing. ` : '';
  const name = MEASURES[measure].title;
  if (compared.length === 0) return `${label}No row can be compared by ${name}.`;
  const ofVerdict = (verdict: Verdict): RowSummary[] =>
    compared.filter(({ comparisons }) => comparisons[measure]!.verdict === verdict);
  const only = ORDER.find((verdict) => ofVerdict(verdict).length === compared.length);
  const all = compared.length > 1;
  if (only === 'tie' && all) {
    const rest = `all ${compared.length} other rows are less than ${tieText(measure)} from “${reference.row.title}”`;
    return `${label}A tie in ${name}: ${rest}.`;
  }
  if (only === 'undecided' && all) {
    const rest = `the differences of all ${compared.length} other rows to “${reference.row.title}” may be chance`;
    return `${label}Undecided in ${name}: ${rest}.`;
  }
  const clauses = ORDER.flatMap((verdict) => {
    const found = ofVerdict(verdict);
    return found.length > 0 ? [clause(verdict, found, reference.row.title, measure)] : [];
  });
  const text = clauses.join('; ');
  return `${label}By ${name}, ${text}.`;
}
