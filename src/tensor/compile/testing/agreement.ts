/** Runs one step on several engines and says where they differ, and whether the gradient is the loss's slope. */
import { fillNormal, randomKey } from '../../../random.ts';
import { type Arrays, type Engine, type Program, sizeOf } from '../../engine.ts';
import { feedOf, initialState, layoutOf, lossOnly, SETTINGS, stepOf } from './network-program.ts';
import type { NetworkSpec } from './random-network.ts';

/**
 * Relative to the largest element of the tensor, or to a thousandth of the largest gradient of the step where that is more: a sum
 * of products that cancel is only as exact as the products. Float32 sums of some thousand products, in another order, through up
 * to five layers and back, differ by up to a few 1e-5.
 */
export const TOLERANCE = 2e-4;
const CANCELLED = 1e-3;

interface Trajectory {
  /** Outputs of every step, and the state after the last, by name; state vectors are cut into parameters. */
  readonly arrays: Arrays;
}

const isGradient = (name: string): boolean => name.includes('d ') || name.includes('moment1');

async function trajectory(
  engine: Engine,
  program: Program,
  network: NetworkSpec,
  data: number,
): Promise<Trajectory> {
  const state = engine.createState(program.state, initialState(network, data));
  const executable = await engine.compile(program, state);
  const arrays: Record<string, Float32Array> = {};
  try {
    for (let step = 0; step < 2; step++) {
      const outputs = await executable.run(feedOf(program, data + step, executable.layouts));
      for (const [name, values] of Object.entries(outputs)) arrays[`step ${step} ${name}`] = values.slice();
    }
    for (const [name, values] of Object.entries(state.read())) {
      let offset = 0;
      for (const parameter of layoutOf(network).parameters) {
        const end = offset + sizeOf(parameter.shape);
        arrays[`${name} of ${parameter.name}`] = values.slice(offset, end);
        offset = end;
      }
    }
  } finally {
    await executable.dispose();
    state.dispose();
  }
  return { arrays };
}

const largest = (values: Float32Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** What of `found` is not `wanted`, in words. */
function differences(found: Arrays, wanted: Arrays): string[] {
  const gradients = Object.entries(wanted).filter(([name]) => isGradient(name));
  const floor = CANCELLED * Math.max(1e-6, ...gradients.map(([, values]) => largest(values)));
  const absent = Object.keys(wanted).filter((name) => found[name]?.length !== wanted[name]!.length);
  if (absent.length > 0) return [`${absent} absent or of another length`];
  return Object.entries(wanted).flatMap(([name, want]) => {
    const scale = Math.max(largest(want), isGradient(name) ? floor : 1e-3);
    const worst = largest(want.map((value, i) => value - found[name]![i]!));
    // Written so that NaN differs.
    return worst / scale < TOLERANCE ? [] : [`${name} by ${(worst / scale).toExponential(1)}`];
  });
}

/** Engines by name; what differs from `reference`, one line for each engine that does. */
export async function disagreements(
  reference: Engine,
  engines: Readonly<Record<string, Engine>>,
  network: NetworkSpec,
  data = network.seed,
): Promise<string[]> {
  const program = stepOf(network);
  const wanted = await trajectory(reference, program, network, data);
  const lines: string[] = [];
  for (const [name, engine] of Object.entries(engines)) {
    try {
      const found = await trajectory(engine, program, network, data);
      const different = differences(found.arrays, wanted.arrays);
      if (different.length > 0) lines.push(`${name}: ${different.join('; ')}`);
    } catch (error) {
      lines.push(`${name}: ${String(error)}`);
    }
  }
  return lines;
}

/** Of float32, with a margin for the roundings on the way to the loss. */
const ROUNDING = 8 * 2 ** -24;

/**
 * The slope of the loss along a direction, by central differences, against gradient times direction: their relative distance at
 * the best step, or undefined where rounding hides the slope. The direction is half the gradient's own, half random. Wide steps
 * err by curvature and by the kinks of LeakyReLU, narrow ones by float32: steps from 0.1 to 0.001 are tried, as long as rounding
 * is below a hundredth of the slope.
 */
export async function slopeError(engine: Engine, network: NetworkSpec): Promise<number | undefined> {
  const initial = initialState(network, network.seed);
  const inputs = feedOf(stepOf(network), network.seed, {});
  const state = engine.createState(stepOf(network).state, initial);
  const step = await engine.compile(stepOf(network), state);
  await step.run(inputs);
  const gradient = state.read(['moment1']).moment1!.map((value) => value / (1 - SETTINGS.beta1));
  const random = fillNormal(randomKey(network.seed, 'direction'), new Float32Array(gradient.length));
  const [a, b] = [Math.hypot(...gradient), Math.hypot(...random)];
  const direction = gradient.map((value, i) => (value / a + random[i]! / b) / 2);
  // The softmax of one class is 1 whatever the weights: nothing to compare.
  if (a === 0) return undefined;
  const slope = gradient.reduce((sum, value, i) => sum + value * direction[i]!, 0);
  const executable = await engine.compile(lossOnly(network), state);
  const lossAt = async (distance: number): Promise<number> => {
    state.write({ weights: initial.weights!.map((value, i) => value + distance * direction[i]!) });
    return (await executable.run(inputs)).loss![0]!;
  };
  let best: number | undefined;
  for (const h of [0.1, 0.03, 0.01, 0.003, 0.001]) {
    const [after, before] = [await lossAt(h), await lossAt(-h)];
    if ((ROUNDING * Math.abs(after)) / h > 0.01 * Math.abs(slope)) continue;
    const error = Math.abs((after - before) / (2 * h) - slope) / Math.abs(slope);
    best = Math.min(best ?? Number.POSITIVE_INFINITY, error);
    if (best < 0.001) break;
  }
  await step.dispose();
  await executable.dispose();
  state.dispose();
  return best;
}
