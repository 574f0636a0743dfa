/** Renders a ten-second clip of 18 facial descriptors from latent drowsiness, subject traits and seeded noise. */
import { fillNormal, fillUniform, randomKey } from '../../random.ts';

export const SIMULATED_CHANNELS = [
  'eye_closure',
  'yawn',
  'mouth_open',
  'pitch',
  'yaw',
  'roll',
  'brow_raise',
  'brow_furrow',
  'lid_tighten',
  'cheek_raise',
  'lip_press',
  'lip_suck',
  'smile',
  'joy',
  'anger',
  'surprise',
  'valence',
  'engagement',
] as const;

/** Length of a clip. */
const SECONDS = 10;
const CHANNELS = SIMULATED_CHANNELS.length;

/** What stays the same in all clips of a person, `[channels]` offsets and a habit of blinking. */
export interface SubjectTraits {
  readonly offsets: Float32Array;
  readonly blinkRate: number;
}

export function drawTraits(seed: number, subject: number): SubjectTraits {
  const offsets = fillNormal(randomKey(seed, 'simulated/subject', subject), new Float32Array(CHANNELS));
  const [habit] = fillUniform(randomKey(seed, 'simulated/habit', subject), new Float32Array(1));
  return { offsets: offsets.map((value) => 0.15 * value), blinkRate: 0.2 + 0.25 * habit! };
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
/** A smooth bump of width `width` around `centre`. */
const bump = (time: number, centre: number, width: number): number =>
  Math.exp(-(((time - centre) / width) ** 2));

/** Times of events at a rate per second, spaced evenly with jitter. */
function eventTimes(rate: number, uniforms: Float32Array, from: number): number[] {
  const count = Math.min(6, Math.floor(rate * SECONDS + uniforms[from]!));
  return Array.from({ length: count }, (_, i) => ((i + uniforms[from + 1 + i]!) / count) * SECONDS);
}

/**
 * `[18, steps]`. Blinks grow longer and closures deeper with u[0] (PERCLOS), the head sinks and jerks back with u[1],
 * yawns come with u[2]. Expressions fade as all three grow.
 */
export function renderClip(
  seed: number,
  row: number,
  u: Float32Array,
  traits: SubjectTraits,
  steps: number,
): Float32Array {
  const [eyes, nods, yawns] = u as unknown as [number, number, number];
  const uniforms = fillUniform(randomKey(seed, 'simulated/events', row), new Float32Array(32));
  const noise = fillNormal(randomKey(seed, 'simulated/noise', row), new Float32Array(CHANNELS * steps));
  const blinks = eventTimes(traits.blinkRate * (1 + 0.3 * sigmoid(eyes)), uniforms, 0);
  const nodTimes = eventTimes(0.25 * sigmoid(1.5 * (nods - 1)), uniforms, 8);
  const yawnTimes = eventTimes(0.2 * sigmoid(1.5 * (yawns - 1.2)), uniforms, 16);
  const blinkWidth = 0.12 + 0.35 * sigmoid(eyes - 1);
  const droop = 0.5 * sigmoid(1.2 * (eyes - 1.5));
  const liveliness = sigmoid(1.5 - 0.5 * (eyes + nods + yawns));
  const sway = 2 * Math.PI * uniforms[24]!;
  const out = new Float32Array(CHANNELS * steps);
  const drift = new Float64Array(CHANNELS);
  const sum = (times: readonly number[], time: number, width: number): number =>
    times.reduce((total, centre) => total + bump(time, centre, width), 0);
  for (let step = 0; step < steps; step++) {
    const time = steps === 1 ? 0 : (step * SECONDS) / (steps - 1);
    const closure = Math.min(1, droop + sum(blinks, time, blinkWidth));
    const yawn = Math.min(1, sum(yawnTimes, time, 1.1));
    const nod = sum(nodTimes, time, 0.5) + 0.25 * Math.max(0, nods);
    const expression = liveliness * Math.max(0, Math.sin(0.6 * time + sway));
    const signal = [
      closure,
      yawn,
      0.8 * yawn + 0.1 * expression,
      -0.6 * nod,
      0.2 * Math.sin(0.9 * time + sway) * liveliness,
      0.1 * nod * Math.cos(sway),
      0.3 * yawn + 0.2 * droop,
      0.2 * sigmoid(eyes - 2),
      0.4 * closure,
      0.3 * expression,
      0.15 * (1 - liveliness),
      0.1 * (1 - liveliness),
      0.5 * expression,
      0.4 * expression,
      0.1 * (1 - expression),
      0.2 * yawn,
      0.4 * expression - 0.2 * droop,
      liveliness,
    ];
    for (let channel = 0; channel < CHANNELS; channel++) {
      // Trackers drift: slow noise of order one beside the fast.
      drift[channel] = 0.95 * drift[channel]! + 0.03 * noise[channel * steps + step]!;
      const fast = 0.05 * noise[((channel + 7) % CHANNELS) * steps + step]!;
      out[channel * steps + step] = signal[channel]! + traits.offsets[channel]! + drift[channel]! + fast;
    }
  }
  return out;
}
