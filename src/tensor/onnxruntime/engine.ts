import { createRequire } from 'node:module';
import * as ort from 'onnxruntime-node';
import { compileProgram } from '../compile/compile.ts';
import type { Engine, EngineState, Executable, PendingOutputs, Program } from '../engine.ts';
import { sizeOf } from '../engine.ts';
import { OnnxruntimeState } from './state.ts';

export interface OnnxruntimeSettings {
  /** Threads within one node, at least 1. */
  readonly threads: number;
}

/**
 * Programs compiled to one ONNX graph each, run by onnxruntime on the CPU. A run computes on the calling thread;
 * worker threads do not spin, because cores are shared with the gateway and with the other engine process.
 */
export function openOnnxruntime({ threads }: OnnxruntimeSettings): Engine {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return {
    name: 'onnxruntime',
    device: 'cpu',
    version: `onnxruntime-node ${version}`,
    createState: (shapes, initial) => new OnnxruntimeState(shapes, initial),
    compile: (program, state) => open(program, state, threads),
    dispose: async () => {},
  };
}

async function open(program: Program, state: EngineState, threads: number): Promise<Executable> {
  if (!(state instanceof OnnxruntimeState)) throw new TypeError('the state belongs to another engine');
  const compiled = compileProgram(program);
  const session = await ort.InferenceSession.create(compiled.model, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  const feeds: Record<string, ort.Tensor> = {};
  const run = async (
    inputs: Readonly<Record<string, Float32Array>>,
  ): Promise<Record<string, Float32Array>> => {
    for (const name of compiled.inputs) {
      const shape = program.inputs[name]!;
      const values = inputs[name];
      if (values?.length !== sizeOf(shape)) {
        throw new RangeError(
          `${program.name}: input ${name} has ${values?.length ?? 'no'} values, not [${shape}]`,
        );
      }
      feeds[`in:${name}`] = new ort.Tensor('float32', values, shape);
    }
    for (const name of compiled.state) feeds[`state:${name}`] = state.current(name);
    const fetches: Record<string, ort.Tensor | null> = {};
    for (const name of compiled.outputs) fetches[`out:${name}`] = null;
    for (const name of compiled.newState) fetches[`new:${name}`] = state.spare(name);
    const results = await session.run(feeds, fetches);
    for (const name of compiled.newState) state.swap(name);
    const outputs: Record<string, Float32Array> = {};
    for (const name of compiled.outputs) outputs[name] = results[`out:${name}`]!.data as Float32Array;
    return outputs;
  };
  const submit = async (inputs: Readonly<Record<string, Float32Array>>): Promise<PendingOutputs> => {
    const outputs = await run(inputs);
    return { read: async () => outputs };
  };
  return { orders: {}, run, submit, dispose: () => session.release() };
}
