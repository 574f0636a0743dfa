/** What the rows say: ratios to the better of PyTorch's variants in the same run, goals met or not, and the bound. */
import type { Job, Row } from '../contenders/rounds.ts';
import { rounded } from '../machine.ts';

/** Most that a work may take, as a share of PyTorch's time. */
const GOALS: readonly {
  readonly engine: Row['engine'];
  readonly work: Job['work'];
  readonly most: number;
}[] = [
  { engine: 'onnxruntime', work: 'joint-iteration', most: 0.5 },
  { engine: 'onnxruntime', work: 'classifier-step', most: 0.75 },
  { engine: 'tensorflow', work: 'joint-iteration', most: 1 },
  { engine: 'tensorflow', work: 'classifier-step', most: 1 },
];

/** A row and the least time of its matrix products. */
export interface BoundedRow extends Row {
  readonly boundMs: number;
}

export interface Verdict {
  readonly engine: Row['engine'];
  readonly work: Job['work'];
  readonly threads: number;
  /** Our median over the better median of PyTorch. */
  readonly ratio: number;
  readonly most: number;
  readonly met: boolean;
  /** The same of the fastest runs: what is left when others take the machine. */
  readonly ratioOfFastest: number;
  /** The matrix products alone over PyTorch's fastest run: no ratio of fastest runs can be less. */
  readonly least: number;
}

/** PyTorch's variants at the same work, rows and threads. */
const pytorchRows = (rows: readonly Row[], { work, batch, threads }: Row): Row[] =>
  rows.filter(
    (row) => row.engine === 'pytorch' && row.work === work && row.batch === batch && row.threads === threads,
  );

/** The better one by medians. */
export const bestPytorch = (rows: readonly Row[], row: Row): Row | undefined =>
  pytorchRows(rows, row).toSorted((a, b) => a.medianMs - b.medianMs)[0];

/** Our time as a share of PyTorch's; undefined for PyTorch itself and where it took no part. */
export function ratioOf(rows: readonly Row[], row: Row): number | undefined {
  const peer = row.engine === 'pytorch' ? undefined : bestPytorch(rows, row);
  return peer && rounded(row.medianMs / peer.medianMs);
}

export function verdictsOf(rows: readonly BoundedRow[]): Verdict[] {
  return GOALS.flatMap(({ engine, work, most }) =>
    rows
      .filter((row) => row.engine === engine && row.work === work)
      .flatMap((row) => {
        const ratio = ratioOf(rows, row);
        if (ratio === undefined) return [];
        const { threads } = row;
        const fastest = Math.min(...pytorchRows(rows, row).map(({ minMs }) => minMs));
        const ratioOfFastest = rounded(row.minMs / fastest);
        const least = rounded(row.boundMs / fastest);
        return [{ engine, work, threads, ratio, ratioOfFastest, most, met: ratio <= most, least }];
      }),
  );
}
