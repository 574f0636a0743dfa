import { write, writeTable } from '../../services/cli/print.ts';
import { nameOf } from '../contenders/contender.ts';
import type { Row } from '../contenders/rounds.ts';
import type { TrainingResult } from './training.ts';
import { ratioOf } from './verdicts.ts';

const milliseconds = (value: number): string => value.toFixed(value < 10 ? 2 : 1);

/** What everybody took, on the terminal. */
export function printRows(rows: readonly Row[]): void {
  writeTable(
    ['work', 'rows', 'engine', 'median ms', 'min ms', 'rows/s', 'of PyTorch'],
    rows.map((row) => [
      row.work,
      String(row.batch),
      nameOf(row),
      milliseconds(row.medianMs),
      milliseconds(row.minMs),
      String(Math.round((1000 * row.batch) / row.medianMs)),
      ratioOf(rows, row)?.toFixed(2) ?? '',
    ]),
  );
}

/** The table on the terminal. */
export function printTraining(result: TrainingResult): void {
  const { rows, gigaflopsPerSecond, absent, verdicts } = result;
  writeTable(
    [
      'work',
      'threads',
      'rows',
      'engine',
      'median ms',
      'min ms',
      'rows/s',
      'of PyTorch',
      'bound ms',
      'x bound',
    ],
    rows.map((row) => [
      row.work,
      String(row.threads),
      String(row.batch),
      nameOf(row),
      milliseconds(row.medianMs),
      milliseconds(row.minMs),
      String(Math.round((1000 * row.batch) / row.medianMs)),
      ratioOf(rows, row)?.toFixed(2) ?? '',
      milliseconds(row.boundMs),
      (row.medianMs / row.boundMs).toFixed(1),
    ]),
  );
  for (const [threads, rate] of Object.entries(gigaflopsPerSecond))
    write(`bound: matrix products alone, at ${rate} GFLOP/s with ${threads} thread(s), measured in this run`);
  for (const { who, reason } of absent) write(`${who} took no part: ${reason}`);
  for (const { engine, work, threads, ratio, ratioOfFastest, most, met, least } of verdicts)
    write(
      `${engine}, ${work}, ${threads} thread(s): ${ratio} of PyTorch's best (fastest runs: ${ratioOfFastest}), goal ${most}: ${met ? 'met' : 'NOT met'} (the bound alone is ${least})`,
    );
}
