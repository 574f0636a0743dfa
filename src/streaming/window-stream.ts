/**
 * Frames in, due windows out, by event time alone: no clock, no timer. A frame is final once the newest frame is later
 * by more than the allowed lateness; windows are made of final frames only, so neither the cut into messages nor an
 * order within the lateness changes them.
 */
import { VigilError } from '../errors.ts';
import { FrameRing } from './frame-ring.ts';
import { type Gap, resampleWindow } from './resample-window.ts';
import { frameLimit, MAX_FRAMES_PER_SECOND, type StreamSettings } from './stream-settings.ts';

/** Frames of a stream so far. */
export interface FrameCounts {
  readonly accepted: number;
  readonly late: number;
  readonly duplicate: number;
}

interface HopFacts {
  /** End of the window; of a restart, the frame that it begins with. */
  readonly endUs: number;
  readonly frames: FrameCounts;
  /** Share of the window's values with an observed one within half a step. */
  readonly coverage: number;
  /** Values further than that from an observed one, and bridged. */
  readonly interpolated: number;
}

/** What is due at a hop. */
export type Hop =
  /** `values` are `[channels, steps]`, finite, the receiver's. */
  | (HopFacts & { readonly kind: 'window'; readonly values: Float32Array })
  | (HopFacts & { readonly kind: 'gap'; readonly gap: Gap })
  /** Times jumped by more than a window: what follows has no past. */
  | (HopFacts & {
      readonly kind: 'restart';
      readonly direction: 'forward' | 'back';
      readonly jumpUs: number;
    });

export class WindowStream {
  readonly #settings: StreamSettings;
  readonly #limit: number;
  readonly #ring: FrameRing;
  /** The oldest so many frames of the ring are final. */
  #final = 0;
  /** Time of the last frame that became final. */
  #lastFinal: number | undefined;
  #nextEnd: number | undefined;
  #accepted = 0;
  #late = 0;
  #duplicate = 0;

  constructor(settings: StreamSettings) {
    this.#settings = settings;
    this.#limit = frameLimit(settings);
    this.#ring = new FrameRing(settings.channels);
  }

  get counts(): FrameCounts {
    return { accepted: this.#accepted, late: this.#late, duplicate: this.#duplicate };
  }

  /**
   * Takes frames, `times` in microseconds and `values` `[frames, channels]`, and yields what becomes due. FIELD_INVALID
   * when they come faster than a stream may.
   */
  *push(times: Float64Array, values: Float32Array): Generator<Hop> {
    const { channels, latenessUs, windowUs } = this.#settings;
    for (let i = 0; i < times.length; i++) {
      const time = times[i]!;
      const newest = this.#newest();
      if (newest !== undefined && newest - time > windowUs) yield* this.#goBack(time, newest);
      else if (newest !== undefined && time < newest - latenessUs) {
        this.#late += 1;
        continue;
      }
      if (this.#ring.insert(time, values, i * channels) === 'replaced') this.#duplicate += 1;
      this.#accepted += 1;
      this.#checkRate();
      yield* this.#finalise(this.#newest()! - latenessUs);
    }
  }

  /** No frames follow: yields what is still due. */
  *end(): Generator<Hop> {
    yield* this.#finalise(Number.POSITIVE_INFINITY);
  }

  #newest(): number | undefined {
    return this.#ring.length === 0 ? undefined : this.#ring.time(this.#ring.length - 1);
  }

  /** Frames before `watermark` become final, one by one; each may make hops due. */
  *#finalise(watermark: number): Generator<Hop> {
    const { windowUs, hopUs, maxGapUs } = this.#settings;
    while (this.#final < this.#ring.length && this.#ring.time(this.#final) < watermark) {
      const time = this.#ring.time(this.#final);
      const jumpUs = time - (this.#lastFinal ?? time);
      // Seen among final frames, which are in order: a jump does not depend on who overtook whom.
      if (jumpUs > windowUs) yield this.#restart('forward', time, jumpUs);
      this.#final += 1;
      this.#lastFinal = time;
      this.#nextEnd ??= time + windowUs;
      while (this.#nextEnd <= time) {
        yield this.#hop(this.#nextEnd);
        this.#nextEnd += hopUs;
      }
      this.#forget(this.#nextEnd - windowUs - maxGapUs);
    }
  }

  #hop(endUs: number): Hop {
    const { channels, steps } = this.#settings;
    const { values, observed, interpolated, gap } = resampleWindow(
      this.#ring,
      this.#final,
      endUs,
      this.#settings,
    );
    const facts = { endUs, frames: this.counts, coverage: observed / (channels * steps), interpolated };
    return gap ? { ...facts, kind: 'gap', gap } : { ...facts, kind: 'window', values };
  }

  /** The clock was set back: what was before is answered and forgotten. */
  *#goBack(time: number, newest: number): Generator<Hop> {
    yield* this.#finalise(Number.POSITIVE_INFINITY);
    yield this.#restart('back', time, newest - time);
  }

  /** Forgets all final frames. */
  #restart(direction: 'forward' | 'back', endUs: number, jumpUs: number): Hop {
    this.#ring.drop(this.#final);
    this.#final = 0;
    this.#lastFinal = undefined;
    this.#nextEnd = undefined;
    return { kind: 'restart', direction, jumpUs, endUs, frames: this.counts, coverage: 0, interpolated: 0 };
  }

  /** No later window reads final frames before `time`. */
  #forget(time: number): void {
    let count = 0;
    while (count < this.#final && this.#ring.time(count) < time) count += 1;
    if (count === 0) return;
    this.#ring.drop(count);
    this.#final -= count;
  }

  #checkRate(): void {
    if (this.#ring.length <= this.#limit) return;
    const seconds = (this.#newest()! - this.#ring.time(0)) / 1e6;
    const found = `${this.#ring.length} frames in ${seconds.toFixed(1)} s`;
    throw VigilError.field('frames.timestamps_us', found, `at most ${MAX_FRAMES_PER_SECOND} frames a second`);
  }
}
