import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Engine } from '../engine.ts';
import { openOnnxruntime } from '../onnxruntime/engine.ts';
import { openReference } from '../reference/engine.ts';
import { disagreements, slopeError } from './testing/agreement.ts';
import { LOWERINGS } from './testing/lowerings.ts';
import { drawNetwork, type NetworkSpec, simplerThan } from './testing/random-network.ts';

/**
 * How long networks are drawn, and from which seed: VIGIL_SOAK_SECONDS=3600 VIGIL_SOAK_SEED=1000000 npx vitest run random-networks
 * looks at some ten thousand others.
 */
const SECONDS = Number(process.env.VIGIL_SOAK_SECONDS ?? 25);
const FIRST_SEED = Number(process.env.VIGIL_SOAK_SEED ?? 0);
const MOST_FAILURES = 3;
/** Drawn whatever the machine's speed. */
const FEWEST = 20;

let reference: Engine;
let engines: Record<string, Engine>;
beforeAll(async () => {
  reference = await openReference();
  engines = Object.fromEntries(
    Object.entries(LOWERINGS).map(([name, compile]) => [name, openOnnxruntime({ threads: 1, compile })]),
  );
});
afterAll(async () => {
  for (const engine of [reference, ...Object.values(engines)]) await engine.dispose();
});

/**
 * What differs with three draws of data. A LeakyReLU whose input is 0 but for rounding has two slopes to choose from, and engines
 * may choose differently: once in some thousand networks, and not again with other data.
 */
async function wrong(network: NetworkSpec): Promise<string[]> {
  let lines: string[] = [];
  for (const draw of [0, 1, 2]) {
    lines = await disagreements(reference, engines, network, network.seed + 1_000_003 * draw);
    if (lines.length === 0) return [];
  }
  return lines;
}

/** The simplest network found in this time that still fails. */
const SHRINKING_MS = 15_000;

async function shrunk(network: NetworkSpec, end = performance.now() + SHRINKING_MS): Promise<NetworkSpec> {
  for (const simpler of simplerThan(network)) {
    if (performance.now() > end) break;
    const failed = await wrong(simpler);
    if (failed.length > 0) return shrunk(simpler, end);
  }
  return network;
}

test(
  'every lowering of a random network has the values, gradients and updates of the reference',
  async ({ annotate }) => {
    const end = performance.now() + 1000 * SECONDS;
    const failures: string[] = [];
    let seed = FIRST_SEED;
    for (; seed < FIRST_SEED + FEWEST || performance.now() < end; seed++) {
      const network = drawNetwork(seed);
      if ((await wrong(network)).length === 0) continue;
      const least = await shrunk(network);
      failures.push([`seed ${seed}`, JSON.stringify(least), ...(await wrong(least))].join('\n'));
      if (failures.length === MOST_FAILURES) break;
    }
    await annotate(`${seed - FIRST_SEED} networks`);
    expect(failures.join('\n\n'), `of ${seed - FIRST_SEED} networks`).toBe('');
  },
  1000 * SECONDS + 300_000,
);

test(
  'the gradients of random networks are the slopes of their losses',
  async ({ annotate }) => {
    const end = performance.now() + 400 * SECONDS;
    let [seen, decided] = [0, 0];
    for (let seed = FIRST_SEED; seen < FEWEST || performance.now() < end; seed++, seen++) {
      const network = drawNetwork(seed);
      const error = await slopeError(reference, network);
      if (error === undefined) continue;
      decided++;
      // Two hundredths may be rounding, the rest kinks and curvature; a wrong tap or pad is off by tenths.
      expect(error, `seed ${seed}: ${JSON.stringify(network)}`).toBeLessThan(0.06);
    }
    await annotate(`${decided} of ${seen} networks`);
    // Rounding hides the slope of few: else the test would say nothing.
    expect(decided).toBeGreaterThan(0.7 * seen);
  },
  1000 * SECONDS + 300_000,
);

const TINY: NetworkSpec = {
  ...{ seed: 1, batch: 1, height: 3, width: 4, channels: 1, turned: false, joined: 0, exposed: true },
  ...{ pooling: 'mean', classes: 3, loss: 'softmax' },
  layers: [16, 32].map((outputs) => ({
    ...{ kind: 'convolution', kernel: [3, 3], strides: [1, 2], pad: 'same', outputs, extra: [0, 0] },
    ...{ bias: true, activation: 'leaky', mask: true, shortcut: false },
  })),
};

test.each([1, 2, 16, 64, 512])('a step of %i rows is the step of the reference', async (batch) => {
  expect(await disagreements(reference, engines, { ...TINY, batch })).toEqual([]);
});
