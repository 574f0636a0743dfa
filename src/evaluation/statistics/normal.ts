const DENSITY_AT_0 = 1 / Math.sqrt(2 * Math.PI);

/**
 * Standard normal distribution function, absolute error below 1e-14. Series of G. Marsaglia, "Evaluating the normal
 * distribution", Journal of Statistical Software 11(4), 2004: 1/2 + density(x) (x + x^3/3 + x^5/15 + ...).
 */
export function normalCdf(x: number): number {
  // The tail beyond 9 is below 1e-18, and the series would cancel there.
  if (Math.abs(x) > 9) return x > 0 ? 1 : 0;
  let term = x;
  let sum = x;
  for (let odd = 3; Math.abs(term) > 1e-17 * Math.abs(sum); odd += 2) {
    term *= (x * x) / odd;
    sum += term;
  }
  return 0.5 + sum * density(x);
}

const density = (x: number): number => DENSITY_AT_0 * Math.exp((-x * x) / 2);

/**
 * Standard normal quantile; infinite at 0 and 1. Absolute error below 1e-8 for `p` from 1e-6 to 1 - 1e-6. Newton's method
 * from 0: the distribution function is concave above 0, so the steps rise to the answer and cannot overshoot it.
 */
export function normalQuantile(p: number): number {
  if (p <= 0 || p >= 1) return p <= 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (p < 0.5) return -normalQuantile(1 - p);
  let x = 0;
  for (let i = 0; i < 100; i++) {
    const step = (p - normalCdf(x)) / density(x);
    x += step;
    if (Math.abs(step) < 1e-13) break;
  }
  return x;
}
