/** Splits that do not leak: whole groups, the authors' folds, or rows with exact duplicates kept together. */
import { createHash } from 'node:crypto';
import { VigilError } from '../errors.ts';
import { permutation, randomKey } from '../random.ts';
import type { Dataset, Split } from './dataset.ts';

export interface SplitShares {
  readonly testShare: number;
  readonly validationShare: number;
  readonly seed: number;
}

type Side = keyof Split;

function fromSides(sides: readonly Side[]): Split {
  const rowsOf = (side: Side): Uint32Array =>
    Uint32Array.from(sides.flatMap((found, row) => (found === side ? [row] : [])));
  return { train: rowsOf('train'), validation: rowsOf('validation'), test: rowsOf('test') };
}

/**
 * Assigns whole units (groups, or sets of equal rows) in a seeded order: each to the side that is furthest, in rows of
 * the unit's classes, below its share. Keeps class shares close without ever cutting a unit.
 */
function assignUnits(dataset: Dataset, unitOf: readonly number[], shares: SplitShares): Split {
  const classes = dataset.classNames.length;
  const units = new Map<number, number[]>();
  unitOf.forEach((unit, row) => {
    const rows = units.get(unit);
    if (rows) rows.push(row);
    else units.set(unit, [row]);
  });
  const ids = [...units.keys()].sort((a, b) => a - b);
  const order = permutation(randomKey(shares.seed, 'split'), ids.length);
  const target: Record<Side, number> = {
    train: 1 - shares.testShare - shares.validationShare,
    validation: shares.validationShare,
    test: shares.testShare,
  };
  const totals = new Float64Array(classes);
  for (const label of dataset.labels) totals[label]! += 1;
  const have: Record<Side, Float64Array> = {
    train: new Float64Array(classes),
    validation: new Float64Array(classes),
    test: new Float64Array(classes),
  };
  const sides = new Array<Side>(dataset.rows).fill('train');
  for (const at of order) {
    const rows = units.get(ids[at]!)!;
    const counts = new Float64Array(classes);
    for (const row of rows) counts[dataset.labels[row]!]! += 1;
    // A class of which the unit has no row, perhaps because the data have none, asks for nothing.
    const need = (side: Side): number =>
      counts.reduce(
        (sum, n, k) =>
          n === 0 ? sum : sum + (n / totals[k]!) * (1 - have[side][k]! / (target[side] * totals[k]!)),
        0,
      );
    const side = (['train', 'test', 'validation'] as const).reduce((best, other) =>
      need(other) > need(best) ? other : best,
    );
    counts.forEach((n, k) => {
      have[side][k]! += n;
    });
    for (const row of rows) sides[row] = side;
  }
  return fromSides(sides);
}

/** Numbers of units: groups, where groups that share an identical row are one, so that no row can stand on two sides. */
function unitsOfGroups(dataset: Dataset, groups: Int32Array): number[] {
  const parent = new Map([...new Set(groups)].map((group) => [group, group]));
  const rootOf = (group: number): number => {
    let root = group;
    while (parent.get(root) !== root) root = parent.get(root)!;
    parent.set(group, root);
    return root;
  };
  const owner = new Map<string, number>();
  groups.forEach((group, row) => {
    const key = vectorKey(dataset, row);
    const other = owner.get(key);
    if (other === undefined) owner.set(key, group);
    else parent.set(rootOf(group), rootOf(other));
  });
  return Array.from(groups, rootOf);
}

/** Whole groups on one side each; groups that share identical rows on the same side. Refuses data without group ids: a split must not be called subject-wise then. */
export function splitByGroup(dataset: Dataset, shares: SplitShares): Split {
  if (!dataset.groups) {
    throw VigilError.field(
      'split.by',
      'group, but the data has no group ids',
      'row, or data with group ids',
      'DATASET_UNSUITABLE',
    );
  }
  const units = unitsOfGroups(dataset, dataset.groups);
  const groups = new Set(units).size;
  if (groups < 3) {
    throw VigilError.field(
      'split.by',
      `group with ${groups} groups`,
      'at least 3 groups',
      'DATASET_UNSUITABLE',
    );
  }
  return checked(dataset, assignUnits(dataset, units, shares));
}

/** The authors' folds: one for test, one for validation, the rest for training. */
export function splitByFold(dataset: Dataset, folds: { testFold: number; validationFold: number }): Split {
  const ids = dataset.folds;
  if (!ids)
    throw VigilError.field(
      'split.by',
      'fold, but the data has no folds',
      'group or row',
      'DATASET_UNSUITABLE',
    );
  const known = [...new Set(ids)].sort((a, b) => a - b);
  for (const [name, fold] of Object.entries(folds)) {
    if (!known.includes(fold)) throw VigilError.field(`split.${name}`, String(fold), known.join(', '));
  }
  const side = (fold: number): Side =>
    fold === folds.testFold ? 'test' : fold === folds.validationFold ? 'validation' : 'train';
  return checked(dataset, fromSides(Array.from(ids, side)));
}

/** Single rows, class by class; rows with the same values stay together. Not for data with group ids. */
export function splitByRow(dataset: Dataset, shares: SplitShares): Split {
  const ids = new Map<string, number>();
  const units = Array.from({ length: dataset.rows }, (_, row) => {
    const key = vectorKey(dataset, row);
    const id = ids.get(key) ?? ids.size;
    ids.set(key, id);
    return id;
  });
  return checked(dataset, assignUnits(dataset, units, shares), false);
}

/** The same for rows of the same values. */
export function vectorKey({ channels, steps, values }: Dataset, row: number): string {
  const size = channels * steps;
  const { buffer, byteOffset } = values;
  return createHash('sha1')
    .update(new Uint8Array(buffer, byteOffset + row * size * 4, size * 4))
    .digest('base64');
}

/** What stands on more than one side of a split. */
export interface Leak {
  readonly groups: readonly number[];
  /** Rows whose values stand on another side too. */
  readonly duplicateRows: number;
}

/** Groups and identical vectors that stand on two sides. */
export function findLeaks(dataset: Dataset, split: Split): Leak {
  const groupSide = new Map<number, Side>();
  const vectorSide = new Map<string, Side>();
  const groups = new Set<number>();
  let duplicateRows = 0;
  for (const side of ['train', 'validation', 'test'] as const) {
    for (const row of split[side]) {
      const group = dataset.groups?.[row];
      if (group !== undefined) {
        if ((groupSide.get(group) ?? side) !== side) groups.add(group);
        groupSide.set(group, side);
      }
      const key = vectorKey(dataset, row);
      if ((vectorSide.get(key) ?? side) !== side) duplicateRows += 1;
      vectorSide.set(key, vectorSide.get(key) ?? side);
    }
  }
  return { groups: [...groups].sort((a, b) => a - b), duplicateRows };
}

/** Refuses a split that has an empty side, or a vector or (unless not `byGroup`) a group on two sides. */
export function checked(dataset: Dataset, split: Split, byGroup = true): Split {
  for (const [side, rows] of Object.entries(split)) {
    if (rows.length === 0)
      throw VigilError.field(`split.${side}`, '0 rows', 'at least 1', 'DATASET_UNSUITABLE');
  }
  const { groups, duplicateRows } = findLeaks(dataset, split);
  if (byGroup && groups.length > 0) {
    const found = `groups ${groups.slice(0, 5).join(', ')} on two sides`;
    throw VigilError.field('split', found, 'every group on one side', 'DATASET_UNSUITABLE');
  }
  if (duplicateRows > 0) {
    const found = `${duplicateRows} rows whose values stand on another side too`;
    throw VigilError.field('split', found, 'no identical rows on two sides', 'DATASET_UNSUITABLE');
  }
  return split;
}
