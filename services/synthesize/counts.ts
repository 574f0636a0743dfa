import { VigilError } from '../../src/errors.ts';
import type { Balance, ClassCount, SynthesizeRequest } from '../gen/vigil/v1/synthesize_pb.ts';

/** Rows of one class of a model. */
export interface PlannedCount {
  readonly className: string;
  readonly classIndex: number;
  readonly rows: number;
}

/**
 * The rows that a request asks for: its counts, or what classes lack. FIELD_INVALID or CLASS_UNKNOWN with the path of
 * what is wrong; at most `maxRows` in all.
 */
export function toCounts(
  { counts, balance }: Pick<SynthesizeRequest, 'counts' | 'balance'>,
  classNames: readonly string[],
  maxRows: number,
): PlannedCount[] {
  if (balance && counts.length > 0)
    throw VigilError.field('balance', 'counts beside it', 'either counts or balance');
  if (!balance && counts.length === 0)
    throw VigilError.field('counts', 'no entry', 'at least one class with its rows, or balance');
  const planned = balance
    ? lackingRows(balance, classNames, maxRows)
    : checkEntries('counts', counts, classNames, [1, maxRows]);
  const total = planned.reduce((sum, { rows }) => sum + rows, 0);
  if (total > maxRows) {
    const allowed = `at most ${maxRows} in a call (VIGIL_MAX_SYNTHETIC_ROWS)`;
    throw VigilError.field(balance ? 'balance' : 'counts', `${total} rows together`, allowed);
  }
  return planned;
}

/** In the model's class order; classes that lack nothing are left out. */
function lackingRows(
  { present, target }: Balance,
  classNames: readonly string[],
  maxRows: number,
): PlannedCount[] {
  const entries = checkEntries('balance.present', present, classNames, [0, Number.MAX_SAFE_INTEGER]);
  const has = new Map(entries.map(({ classIndex, rows }) => [classIndex, rows]));
  const goal = goalOf(target, Math.max(0, ...has.values()), maxRows);
  return classNames.flatMap((className, classIndex) => {
    const rows = goal - (has.get(classIndex) ?? 0);
    return rows > 0 ? [{ className, classIndex, rows }] : [];
  });
}

function goalOf(target: Balance['target'], largest: number, maxRows: number): number {
  switch (target.case) {
    case 'toRows':
      if (target.value < 1n || target.value > BigInt(maxRows))
        throw VigilError.field('balance.to_rows', String(target.value), `1 to ${maxRows}`);
      return Number(target.value);
    case 'toLargest':
      if (!target.value) throw VigilError.field('balance.to_largest', 'false', 'true, or to_rows instead');
      if (largest === 0)
        throw VigilError.field('balance.present', 'no class with a row', 'one at least, for to_largest');
      return largest;
    default:
      throw VigilError.field('balance', 'no target', 'to_rows or to_largest');
  }
}

function checkEntries(
  path: string,
  entries: readonly ClassCount[],
  classNames: readonly string[],
  [least, most]: readonly [number, number],
): PlannedCount[] {
  const seen = new Set<string>();
  return entries.map(({ className, rows }, at) => {
    const classIndex = classNames.indexOf(className);
    const name = `${path}[${at}].class_name`;
    if (classIndex < 0)
      throw VigilError.field(name, JSON.stringify(className), classNames.join(', '), 'CLASS_UNKNOWN');
    if (seen.has(className)) throw VigilError.field(name, `${className} a second time`, 'each class once');
    seen.add(className);
    if (rows < BigInt(least) || rows > BigInt(most))
      throw VigilError.field(`${path}[${at}].rows`, String(rows), `${least} to ${most}`);
    return { className, classIndex, rows: Number(rows) };
  });
}
