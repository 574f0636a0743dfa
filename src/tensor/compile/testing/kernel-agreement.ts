/** Holds small bodies of kernels, and their gradients, to the reference on every lowering. */
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect } from 'vitest';
import { fillNormal, fillUniform, randomKey } from '../../../random.ts';
import { type Arrays, type Engine, type Program, type Shapes, sizeOf } from '../../engine.ts';
import { valueAndGradients } from '../../gradients.ts';
import { openOnnxruntime } from '../../onnxruntime/engine.ts';
import { openReference } from '../../reference/engine.ts';
import { LOWERINGS } from './lowerings.ts';

/** Float32 sums of at most some thousand terms in another order: relative 1e-4 is ten times what they differ by. */
const TOLERANCE = 1e-4;

type Body = (x: Record<string, tf.Tensor>) => tf.Tensor;
export interface Case {
  readonly shapes: Shapes;
  readonly body: Body;
  /** Draws inputs in (0.1, 1.1) instead of normals: for log, sqrt and division. */
  readonly positive?: boolean;
}

/** Value, and the gradient by every input of the value weighted with fixed random numbers. */
export function program(name: string, { shapes, body }: Case): Program {
  return {
    name,
    inputs: shapes,
    state: {},
    run: (inputs) => {
      const names = Object.keys(inputs);
      const { aux, gradients } = valueAndGradients(
        names.map((input) => inputs[input]!),
        (tensors) => {
          const value = body(Object.fromEntries(names.map((input, i) => [input, tensors[i]!])));
          const weights = fillNormal(randomKey(9, 'weights'), new Float32Array(value.size));
          return {
            loss: tf.sum(tf.mul(tf.cast(value, 'float32'), tf.tensor(weights, value.shape))),
            aux: { value },
          };
        },
      );
      return { outputs: { ...aux, ...Object.fromEntries(gradients.map((g, i) => [`d ${names[i]}`, g])) } };
    },
  };
}

function inputsOf({ shapes, positive }: Case, seed: number): Arrays {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape], i) => {
      const data = new Float32Array(sizeOf(shape));
      const key = randomKey(seed, name, i);
      return [name, positive ? fillUniform(key, data).map((value) => value + 0.1) : fillNormal(key, data)];
    }),
  );
}

async function runOn(engine: Engine, program: Program, inputs: Arrays): Promise<Arrays> {
  const state = engine.createState({}, {});
  const executable = await engine.compile(program, state);
  const outputs = await executable.run(inputs);
  await executable.dispose();
  state.dispose();
  return outputs;
}

function expectClose(found: Arrays, wanted: Arrays, label: string): void {
  expect(Object.keys(found).sort()).toEqual(Object.keys(wanted).sort());
  for (const [name, want] of Object.entries(wanted)) {
    const got = found[name]!;
    expect(got.length, `${label} ${name}`).toBe(want.length);
    const scale = want.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-3);
    const worst = want.reduce((max, value, i) => Math.max(max, Math.abs(value - got[i]!)), 0);
    expect(worst / scale, `${label} ${name}`).toBeLessThan(TOLERANCE);
  }
}

interface Lowerings {
  /** Fails where the lowering's value or a gradient is not the reference's. */
  agree(lowering: string, name: string, example: Case, seed?: number): Promise<void>;
}

/** The engines of a test file, opened before its tests and disposed after them. */
export function openLowerings(): Lowerings {
  let reference: Engine;
  let engines: Map<string, Engine>;
  beforeAll(async () => {
    reference = await openReference();
    engines = new Map(
      Object.entries(LOWERINGS).map(([name, compile]) => [name, openOnnxruntime({ threads: 1, compile })]),
    );
  });
  afterAll(async () => {
    for (const engine of [reference, ...engines.values()]) await engine.dispose();
  });
  return {
    agree: async (lowering, name, example, seed = 1) => {
      const inputs = inputsOf(example, seed);
      const wanted = await runOn(reference, program(name, example), inputs);
      const found = await runOn(engines.get(lowering)!, program(name, example), inputs);
      expectClose(found, wanted, `${lowering} ${name}`);
    },
  };
}
