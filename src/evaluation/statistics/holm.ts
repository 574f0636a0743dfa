import { VigilError } from '../../errors.ts';

/**
 * Adjusted p-values in the order given (S. Holm, "A simple sequentially rejective multiple test procedure", 1979):
 * rejecting those at most alpha keeps the chance of any false rejection at alpha. Errors: FIELD_INVALID outside 0 to 1.
 */
export function holm(pValues: readonly number[]): number[] {
  const bad = pValues.findIndex((p) => !(p >= 0 && p <= 1));
  if (bad >= 0) throw VigilError.field(`pValues[${bad}]`, String(pValues[bad]), 'numbers from 0 to 1');
  const order = pValues.map((_, at) => at).sort((a, b) => pValues[a]! - pValues[b]!);
  const adjusted = new Array<number>(pValues.length);
  let largest = 0;
  order.forEach((at, rank) => {
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * pValues[at]!));
    adjusted[at] = largest;
  });
  return adjusted;
}
