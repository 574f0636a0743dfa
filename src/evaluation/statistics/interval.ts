/** A confidence interval; an end is infinite where the data say nothing about it. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}
