import { createRequire } from 'node:module';
import * as ort from 'onnxruntime-node';
import type { Arrays, Shape } from '../engine.ts';

/** Which runtime `runModel` is. */
export function runtimeVersion(): string {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return `onnxruntime ${version}`;
}

/** Runs an ONNX model once as anybody would: from its bytes alone, on the CPU, without options of ours. */
export async function runModel(
  model: Uint8Array,
  inputs: Readonly<Record<string, { readonly shape: Shape; readonly values: Float32Array }>>,
): Promise<Arrays> {
  // One thread: the process may be serving.
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1 });
  try {
    const feeds = Object.entries(inputs).map(
      ([name, { shape, values }]) => [name, new ort.Tensor('float32', values, shape)] as const,
    );
    const results = await session.run(Object.fromEntries(feeds));
    // Copies: what a session gave may go with it.
    return Object.fromEntries(
      Object.entries(results).map(([name, { data }]) => [name, Float32Array.from(data as Float32Array)]),
    );
  } finally {
    await session.release();
  }
}
