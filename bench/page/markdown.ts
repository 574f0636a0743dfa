/** Pieces of the generated page. */
import type { Provenance } from '../machine.ts';

/** A table; every column but the first is aligned to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, at) => Math.max(3, title.length, ...rows.map((row) => row[at]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join(' | ')} |`;
  const rule = widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(header), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

export const milliseconds = (value: number): string => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Date, machine, versions and command: what every figure below stands on. */
export function standsOn(
  { date, command, machine }: Provenance,
  versions: Readonly<Record<string, string>> = {},
): string {
  const software = Object.entries(versions).map(([name, version]) =>
    version.startsWith(name) ? version : `${name} ${version}`,
  );
  const parts = [
    date,
    `${machine.cores} cores of ${machine.cpu}`,
    `load ${machine.load} before`,
    `Node ${machine.node}`,
    ...software,
  ];
  return `${parts.join(', ')}: \`${command}\``;
}

export const notMeasured = (command: string): string => `Not measured yet: \`npm run bench -- ${command}\`.`;
