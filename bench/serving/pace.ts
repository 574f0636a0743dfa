/** How long everything is measured. */
export interface Pace {
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Turns of everybody. */
  readonly rounds: number;
}
