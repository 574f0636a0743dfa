/** What a stream remembers from hop to hop: smoothed probabilities and the level. */
import { type LevelRule, nextLevel } from './levels.ts';

export interface TrackerSettings {
  readonly hopUs: number;
  /** Without an answer for longer than this the past counts no more. */
  readonly holdUs: number;
  /** Hops after which an old answer weighs half; 0 for no smoothing. */
  readonly halfLifeHops: number;
  readonly levels: readonly LevelRule[];
}

/** The level after a hop: 0 is the lowest, i is `levels[i - 1]`. */
export interface LevelStep {
  readonly level: number;
  readonly changed: boolean;
}

export class HopTracker {
  readonly #settings: TrackerSettings;
  #smoothed: Float64Array | undefined;
  #answeredUs = 0;
  #level = 0;

  constructor(settings: TrackerSettings) {
    this.#settings = settings;
  }

  /**
   * An answer: s += (1 - 2^(-n/h)) (p - s), for n hops since the last answer and the half-life h. Skipped and withheld
   * hops count in n, so that the past fades with event time. The first answer is taken as it is.
   */
  answer(endUs: number, probabilities: Float32Array): LevelStep & { readonly smoothed: Float64Array } {
    const { hopUs, halfLifeHops, levels } = this.#settings;
    const before = this.#level;
    this.#expire(endUs);
    const hops = (endUs - this.#answeredUs) / hopUs;
    const share = halfLifeHops === 0 || !this.#smoothed ? 1 : 1 - 2 ** (-hops / halfLifeHops);
    const past = this.#smoothed ?? probabilities;
    const smoothed = Float64Array.from(probabilities, (p, k) => past[k]! + share * (p - past[k]!));
    this.#smoothed = smoothed;
    this.#answeredUs = endUs;
    this.#level = nextLevel(this.#level, smoothed, levels);
    return { smoothed, level: this.#level, changed: this.#level !== before };
  }

  /** A hop without an answer: the level holds, for `holdUs` after the last answer. */
  withhold(endUs: number): LevelStep {
    const before = this.#level;
    this.#expire(endUs);
    return { level: this.#level, changed: this.#level !== before };
  }

  /** Event time jumped: back to the lowest level, without a past. */
  restart(): LevelStep {
    const changed = this.#level !== 0;
    this.#smoothed = undefined;
    this.#level = 0;
    return { level: 0, changed };
  }

  #expire(endUs: number): void {
    if (this.#smoothed && endUs - this.#answeredUs > this.#settings.holdUs) this.restart();
  }
}
