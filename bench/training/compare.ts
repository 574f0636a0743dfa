/** Whether two contenders compute the same: losses, gradients and changes of weights of every step. */
import { readFile } from 'node:fs/promises';
import { readSafetensors } from '../../src/data/safetensors.ts';

/**
 * Largest difference by kind, relative. Gradients and changes of weights in the Euclidean norm of their tensor: where an activation is 0
 * but for rounding, LeakyReLU's slope is one or the other, and Adam's first change is about the rate times the gradient's sign; so
 * a few values may differ by all they have.
 */
export const TOLERANCES = { loss: 1e-4, gradient: 1e-3, change: 2e-2 } as const;
export type Kind = keyof typeof TOLERANCES;

/** The largest differences found. */
export type Differences = Readonly<Record<Kind, number>>;

const norm = (values: ArrayLike<number>): number =>
  Math.sqrt(Array.from(values).reduce((total, value) => total + value * value, 0));

/** The difference of two arrays in the Euclidean norm, relative to `expected`; infinite where a number is not finite. */
export function difference(expected: Float32Array, found: Float32Array): number {
  const off = found.map((value, i) => value - expected[i]!);
  const result = norm(off) / Math.max(norm(expected), 1e-12);
  return Number.isFinite(result) ? result : Number.POSITIVE_INFINITY;
}

/** Compares files of results; throws with the name of what differs. */
export async function compareResults(expectedFile: string, foundFile: string): Promise<Differences> {
  const [expected, found] = await Promise.all(
    [expectedFile, foundFile].map(async (file) => readSafetensors(await readFile(file), file).arrays),
  );
  const worst = { loss: 0, gradient: 0, change: 0 };
  for (const [name, { values }] of expected!) {
    const kind = name.split('/')[1] as Kind;
    const other = found!.get(name)?.values;
    if (other?.length !== values.length)
      throw new Error(`${name} has ${other?.length ?? 'no'} values, not ${values.length}`);
    const off = difference(values, other);
    if (off > TOLERANCES[kind])
      throw new Error(`${name} differs by ${off.toExponential(1)}; allowed: ${TOLERANCES[kind]}`);
    worst[kind] = Math.max(worst[kind], off);
  }
  return worst;
}
