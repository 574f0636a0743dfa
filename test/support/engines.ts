/** The engines that suites compare: those that can run here, and why the others cannot. */
import { expect, type TestContext, test } from 'vitest';
import type { Engine } from '../../src/tensor/engine.ts';
import { openOnnxruntime, openWebgpu } from '../../src/tensor/onnxruntime/engine.ts';
import { openReference } from '../../src/tensor/reference/engine.ts';
import { openTensorflow } from '../../src/tensor/tensorflow/engine.ts';
import { findPackage } from '../../src/tensor/tensorflow/packages.ts';

export interface EngineCase {
  readonly name: 'reference' | 'onnxruntime' | 'tensorflow';
  /** What sets it apart from another case of the same engine. */
  readonly variant?: string;
  readonly open: () => Promise<Engine>;
  /** Why it cannot run here. */
  readonly absent?: string;
  /** What VIGIL_REQUIRE_ENGINES calls it; its name when not given. */
  readonly requiredAs?: string;
}

const THREADS = 2;

const packages = (['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const).map(findPackage);
const tensorflowAbsent = packages.some(({ missing }) => missing === undefined)
  ? {}
  : { absent: `${packages[1]!.name}: ${packages[1]!.missing}` };

export const REFERENCE: EngineCase = { name: 'reference', open: openReference };

/** What serves and trains. TensorFlow runs on a GPU where it finds one: CUDA_VISIBLE_DEVICES=-1 hides it. */
export const REAL_ENGINES: readonly EngineCase[] = [
  { name: 'onnxruntime', open: async () => openOnnxruntime({ threads: THREADS }) },
  {
    name: 'tensorflow',
    open: () => openTensorflow({ threads: THREADS, device: 'auto' }),
    ...tensorflowAbsent,
  },
];

/** The compiled engine with its other lowerings: ONNX's own convolutions, gathered patches, Adam inside the graph. */
export const OTHER_LOWERINGS: readonly EngineCase[] = [
  { variant: 'naive convolutions', compile: { convolution: 'naive' } as const },
  {
    variant: 'gathered convolutions, Adam in the graph',
    compile: { convolution: 'gathered', adam: 'graph' } as const,
  },
].map(({ variant, compile }) => ({
  name: 'onnxruntime',
  variant,
  open: async () => openOnnxruntime({ threads: THREADS, compile }),
}));

/** Compiled steps on WebGPU, where there is a graphics adapter. */
export async function findWebgpu(): Promise<EngineCase> {
  const webgpu = { name: 'onnxruntime', variant: 'WebGPU', requiredAs: 'webgpu' } as const;
  const open = (): Promise<Engine> => openWebgpu({ threads: THREADS });
  try {
    await (await open()).dispose();
    return { ...webgpu, open };
  } catch (error) {
    return { ...webgpu, open, absent: error instanceof Error ? error.message : String(error) };
  }
}

const required = (process.env.VIGIL_REQUIRE_ENGINES ?? '').split(',').filter((name) => name !== '');

/** The reference takes half a minute for some of it, and a loaded machine several times as much. */
const PATIENCE_MS = 300_000;

/**
 * A test of one engine. Where the engine cannot run it is skipped, and says why; where VIGIL_REQUIRE_ENGINES (names,
 * separated by commas) lists the engine, it fails.
 */
export function engineTest(
  engine: EngineCase,
  title: string,
  body: () => Promise<void>,
  timeoutMs = PATIENCE_MS,
): void {
  const label = engine.variant ? `${engine.name}, ${engine.variant}` : engine.name;
  test(
    `${label}: ${title}`,
    async (context: TestContext) => {
      if (engine.absent === undefined) return body();
      const called = engine.requiredAs ?? engine.name;
      expect(required, `${called} is required and cannot run here: ${engine.absent}`).not.toContain(called);
      context.skip(engine.absent);
    },
    timeoutMs,
  );
}
