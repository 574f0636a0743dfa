import { expect } from 'vitest';
import { fillNormal, randomKey } from '../../src/random.ts';
import { adamUpdate } from '../../src/tensor/adam-update.ts';
import type { Arrays, Program } from '../../src/tensor/engine.ts';
import { mul } from '../../src/tensor/ops.ts';
import { engineTest, REAL_ENGINES, REFERENCE } from '../support/engines.ts';

const SIZE = 1003;
const SETTINGS = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };

/** Adam on the gradient 3 x: weights and moments are the state, as in a training step. */
const PROGRAM: Program = {
  name: 'adam',
  inputs: { x: [SIZE], rate: [] },
  state: { weights: [SIZE], moment1: [SIZE], moment2: [SIZE] },
  run: ({ x, rate }, state) => {
    const before = { weights: state.weights!, moment1: state.moment1!, moment2: state.moment2! };
    return { outputs: {}, state: { ...adamUpdate(SETTINGS, before, mul(x!, 3), rate!) } };
  },
};

/** State after three updates, from equation to equation in float64. */
function expected(initial: Arrays, gradients: readonly Float32Array[], rate: number): Arrays {
  const state = Object.fromEntries(Object.entries(initial).map(([name, v]) => [name, Float64Array.from(v)]));
  for (const x of gradients) {
    for (let i = 0; i < SIZE; i++) {
      const g = 3 * x[i]!;
      state.moment1![i] = 0.9 * state.moment1![i]! + 0.1 * g;
      state.moment2![i] = 0.999 * state.moment2![i]! + 0.001 * g * g;
      state.weights![i]! -= (rate * state.moment1![i]!) / (Math.sqrt(state.moment2![i]!) + 1e-7);
    }
  }
  return Object.fromEntries(Object.entries(state).map(([name, v]) => [name, Float32Array.from(v)]));
}

for (const engineCase of [REFERENCE, ...REAL_ENGINES]) {
  engineTest(engineCase, 'three updates follow the equations', async () => {
    const engine = await engineCase.open();
    const weights = fillNormal(randomKey(1, 'weights'), new Float32Array(SIZE));
    const initial = { weights, moment1: new Float32Array(SIZE), moment2: new Float32Array(SIZE) };
    const state = engine.createState(PROGRAM.state, initial);
    const executable = await engine.compile(PROGRAM, state);
    const inputs = [0, 1, 2].map((i) => fillNormal(randomKey(2, 'x', i), new Float32Array(SIZE)));
    for (const x of inputs) await executable.run({ x, rate: Float32Array.of(1e-3) });
    const found = state.read();
    // Three roundings of float32 per update; TensorFlow's fused op also forms 1 - beta2 in float32, 1.3e-5 off.
    const relative = engineCase.name === 'tensorflow' ? 2e-5 : 0;
    for (const [part, want] of Object.entries(expected(initial, inputs, 1e-3))) {
      for (let i = 0; i < SIZE; i++) {
        const allowed = 1e-6 * Math.max(1, Math.abs(want[i]!)) + relative * Math.abs(want[i]!);
        expect(Math.abs(found[part]![i]! - want[i]!), part).toBeLessThan(allowed);
      }
    }
    await executable.dispose();
    state.dispose();
    await engine.dispose();
  });
}
