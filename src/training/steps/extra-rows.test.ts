/** C's step on rows that are mixed and weighed in it does what it does on such rows and weights when they are given. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { feedFor, freshState, SMALL, settingsFor } from '../../../test/support/steps.ts';
import { densityRatioWeights } from '../../losses/density-ratio.ts';
import { discriminate } from '../../models/discriminator.ts';
import { generate } from '../../models/generator.ts';
import { fillNormal, randomKey } from '../../random.ts';
import type { Arrays, Engine, EngineState, Program } from '../../tensor/engine.ts';
import { concat, split, type Tensor, tensor } from '../../tensor/ops.ts';
import { openReference } from '../../tensor/reference/engine.ts';
import { classifierStep } from './classifier-step.ts';
import { fixedWeights } from './network-state.ts';

const MIXED = settingsFor(SMALL, { syntheticRows: 6, extraRows: 'mixed' });
const GIVEN = { ...MIXED, extraRows: 'given' } as const;
const SHARES = [0, 0.25, 0.5, 0.75, 0.9, 1];

let engine: Engine;
let state: EngineState;
beforeAll(async () => {
  engine = await openReference();
  state = freshState(engine, SMALL);
});
afterAll(async () => {
  state.dispose();
  await engine.dispose();
});

/** What a program leaves of C, from the state that all tests begin with; its loss. */
async function outcome(
  program: Program,
  inputs: Arrays,
): Promise<{ loss: number; classifier: Float32Array }> {
  const before = state.read();
  const executable = await engine.compile(program, state);
  const { classifier: loss } = await executable.run(inputs);
  const classifier = state.read(['classifier/weights'])['classifier/weights']!;
  await executable.dispose();
  state.write(before);
  return { loss: loss![0]!, classifier };
}

/** Inputs of the mixing step: six rows of all classes, the last only fills the shape. */
function feed(): Arrays & { readonly weights: Float32Array } {
  const inputs = feedFor(classifierStep(MIXED), 5, {});
  const weights = inputs.weights!.slice();
  weights[weights.length - 1] = 0;
  return { ...inputs, weights, shares: Float32Array.from(SHARES) };
}

/** G's rows for those inputs, and D's logits of them. */
function drawn({ noise, syntheticLabels }: Arrays): { rows: Float32Array; source: Tensor } {
  const tensors = Object.fromEntries(
    Object.entries(state.read()).map(([name, values]) => [name, tensor(values)]),
  );
  const z = tensor(noise!, [6, SMALL.latentSize]);
  const labels = tensor(syntheticLabels!, [6, SMALL.classes]);
  const rows = generate(SMALL, fixedWeights('generator', SMALL, tensors), z, labels);
  const { source } = discriminate(SMALL, fixedWeights('discriminator', SMALL, tensors), rows);
  return { rows: rows.dataSync() as Float32Array, source };
}

test('a mixed row is the real one by its share and the generated one by the rest', async () => {
  const inputs = feed();
  const { rows } = drawn(inputs);
  const size = SMALL.channels * SMALL.steps;
  const extra = rows.map((value, i) => {
    const share = SHARES[Math.floor(i / size)]!;
    return share * inputs.extra![i]! + (1 - share) * value;
  });
  const found = await outcome(classifierStep(MIXED), inputs);
  const wanted = await outcome(classifierStep(GIVEN), { ...inputs, extra });
  // Mixed in float32 there, in float64 here.
  expect(found.loss).toBeCloseTo(wanted.loss, 6);
  const other = await outcome(classifierStep(GIVEN), inputs);
  expect(Math.abs(found.loss - other.loss)).toBeGreaterThan(1e-3);
});

test('shares of 1 give C the real rows, to the bit', async () => {
  const inputs = { ...feed(), shares: new Float32Array(6).fill(1) };
  const found = await outcome(classifierStep(MIXED), inputs);
  expect(found).toEqual(await outcome(classifierStep(GIVEN), inputs));
});

test("with density ratios C's loss is that of D's weights, of the generated rows and not of the mixed", async () => {
  // D as it begins takes all rows for much the same.
  const sharpened = state.read(['discriminator/weights'])['discriminator/weights']!;
  fillNormal(randomKey(2, 'sharpened'), sharpened);
  state.write({ 'discriminator/weights': sharpened.map((weight) => 0.2 * weight) });
  const inputs = feed();
  const { source } = drawn(inputs);
  const labels = tensor(inputs.syntheticLabels!, [6, SMALL.classes]);
  const [real, generated] = split(tensor(inputs.weights), [4, 6]);
  const weights = concat([real!, densityRatioWeights(source, labels, generated!)]).dataSync() as Float32Array;
  expect(Math.max(...weights) / Math.min(...weights.slice(0, -1))).toBeGreaterThan(1.5);
  const plain = await outcome(classifierStep(MIXED), { ...inputs, weights });
  const weighed = await outcome(classifierStep({ ...MIXED, syntheticWeights: 'density_ratio' }), inputs);
  expect(weighed).toEqual(plain);
  expect(weighed.loss).not.toBeCloseTo((await outcome(classifierStep(MIXED), inputs)).loss, 4);
});
