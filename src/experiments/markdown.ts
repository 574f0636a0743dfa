import { plural } from './format.ts';
import { headline } from './headline.ts';
import type { TableSummary } from './summary.ts';
import { type TextTable, textTables } from './table-cells.ts';

function tableLines({ title, note, header, rows }: TextTable): string[] {
  const cells = [header, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = header.map((_, column) => Math.max(3, ...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [`## ${title}`, '', note, '', line(cells[0]!), rule, ...cells.slice(1).map(line), ''];
}

/** The table for people as Markdown: what came out first, then how it was made. */
export function tableMarkdown(table: TableSummary): string {
  const { experiment, reference, seeds, folds } = table;
  const { data, engine, options } = reference.results[0]!;
  const { split } = data;
  const made = [
    `${experiment.title}, on \`${data.name}\` (SHA-256 \`${data.sha256}\`)`,
    plural(Number(options.epochs), 'epoch'),
    `${plural(seeds, 'seed')}${folds > 0 ? ` x ${folds} folds` : ''}`,
    `divided by ${split.by} (${split.train} / ${split.validation} / ${split.test} rows in the first run)`,
    ...(data.classShares ? [`training rows thinned to shares ${data.classShares.join(', ')}`] : []),
    `${engine.version} on ${engine.device}`,
  ].join('; ');
  return [`# ${headline(table)}`, '', `${made}.`, '', ...textTables(table).flatMap(tableLines)].join('\n');
}
