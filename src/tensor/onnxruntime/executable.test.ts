import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fillNormal, randomKey } from '../../random.ts';
import { adamUpdate } from '../adam-update.ts';
import { LOWERINGS } from '../compile/testing/lowerings.ts';
import { type Arrays, type Engine, type Program, sizeOf } from '../engine.ts';
import { add, concat, mul, split, type Tensor } from '../ops.ts';
import { openReference } from '../reference/engine.ts';
import { openOnnxruntime } from './engine.ts';

const SETTINGS = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
const RATE = Float32Array.of(1e-2);

let reference: Engine;
beforeAll(async () => {
  reference = await openReference();
});
afterAll(() => reference.dispose());

const normal = (name: string, size: number): Float32Array =>
  fillNormal(randomKey(5, name), new Float32Array(size));

/** Outputs of the second of two runs, and the state after it. */
async function twice(engine: Engine, program: Program): Promise<Arrays> {
  const initial = Object.entries(program.state).map(([name, shape]) => {
    const values = normal(name, sizeOf(shape));
    // Second moments are not negative.
    return [name, name.startsWith('v') ? values.map((value) => value ** 2 + 0.5) : values] as const;
  });
  const state = engine.createState(program.state, Object.fromEntries(initial));
  const executable = await engine.compile(program, state);
  const inputs = Object.entries(program.inputs).map(
    ([name, shape]) => [name, name === 'rate' ? RATE : normal(name, sizeOf(shape))] as const,
  );
  await executable.run(Object.fromEntries(inputs));
  const outputs = await executable.run(Object.fromEntries(inputs));
  const found = { ...outputs, ...state.read() };
  await executable.dispose();
  state.dispose();
  return found;
}

type Run = Program['run'];
const program = (state: Program['state'], run: Run): Program => ({
  name: 'updates',
  inputs: { x: [7], rate: [] },
  state,
  run,
});
const vectors = (...names: readonly string[]): Program['state'] =>
  Object.fromEntries(names.map((name) => [name, [7]]));

/** Adam on the named weights and moments. */
function updated(
  state: Readonly<Record<string, Tensor>>,
  [w, m, v]: readonly string[],
  gradient: Tensor,
  rate: Tensor,
) {
  const before = { weights: state[w!]!, moment1: state[m!]!, moment2: state[v!]! };
  const { weights, moment1, moment2 } = adamUpdate(SETTINGS, before, gradient, rate);
  return { [w!]: weights, [m!]: moment1, [v!]: moment2 };
}

const PROGRAMS: Readonly<Record<string, Program>> = {
  'two networks updated in one step': program(
    vectors('w', 'm', 'v', 'w2', 'm2', 'v2'),
    ({ x, rate }, state) => ({
      outputs: {},
      state: {
        ...updated(state, ['w', 'm', 'v'], mul(x!, state.w2!), rate!),
        ...updated(state, ['w2', 'm2', 'v2'], mul(x!, state.w!), rate!),
      },
    }),
  ),
  'a vector that is cut in two ways and also read whole': program(
    vectors('w', 'm', 'v'),
    ({ x, rate }, state) => {
      const [a, b] = split(state.w!, [3, 4]) as [Tensor, Tensor];
      const [c, , d] = split(state.w!, [3, 2, 2]) as [Tensor, Tensor, Tensor];
      const gradient = add(concat([mul(a, c), b]), state.w!);
      return { outputs: { d, c }, state: updated(state, ['w', 'm', 'v'], mul(gradient, x!), rate!) };
    },
  ),
  'weights that are kept under a second name': program(
    vectors('w', 'm', 'v', 'copy'),
    ({ x, rate }, state) => {
      const after = updated(state, ['w', 'm', 'v'], x!, rate!);
      return { outputs: {}, state: { ...after, copy: after.w! } };
    },
  ),
  'weights of before the update under a second name': program(
    vectors('w', 'm', 'v', 'copy'),
    ({ x, rate }, state) => ({
      outputs: { before: state.w! },
      state: { ...updated(state, ['w', 'm', 'v'], x!, rate!), copy: state.w! },
    }),
  ),
  'one gradient for all pieces, which is also shown': program(
    vectors('w', 'm', 'v'),
    ({ x, rate }, state) => {
      const [piece] = split(mul(x!, 2), [3, 4]) as [Tensor, Tensor];
      const [one] = split(piece, [1, 2]) as [Tensor, Tensor];
      return {
        outputs: { piece },
        state: updated(state, ['w', 'm', 'v'], concat([piece, piece, one]), rate!),
      };
    },
  ),
  'two states exchanged': program(vectors('a', 'b'), (_, { a, b }) => ({
    outputs: {},
    state: { a: b!, b: a! },
  })),
  'a half of the rate': program(vectors('w', 'm', 'v'), ({ x, rate }, state) => ({
    outputs: {},
    state: updated(state, ['w', 'm', 'v'], x!, mul(rate!, 0.5)),
  })),
};

describe.each(Object.entries(LOWERINGS))('%s', (_, compile) => {
  test.each(Object.entries(PROGRAMS))('%s: as on the reference', async (_name, example) => {
    const engine = openOnnxruntime({ threads: 1, compile });
    const [wanted, found] = [await twice(reference, example), await twice(engine, example)];
    await engine.dispose();
    expect(Object.keys(found).sort()).toEqual(Object.keys(wanted).sort());
    for (const [name, values] of Object.entries(wanted)) {
      // A dozen roundings of float32 on numbers near 1.
      const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - found[name]![i]!)), 0);
      expect(worst, name).toBeLessThan(1e-5);
    }
  });

  test('an input that is absent or of another size is named before anything is computed', async () => {
    const engine = openOnnxruntime({ threads: 1, compile });
    const example = PROGRAMS['two networks updated in one step']!;
    const state = engine.createState(example.state, {});
    const executable = await engine.compile(example, state);
    const x = normal('x', 7);
    await expect(executable.run({ x })).rejects.toThrow('updates: input rate has no values, not []');
    await expect(executable.run({ x: normal('x', 6), rate: RATE })).rejects.toThrow(
      'x has 6 values, not [7]',
    );
    expect(state.read(['w']).w).toEqual(new Float32Array(7));
    await executable.dispose();
  });
});
