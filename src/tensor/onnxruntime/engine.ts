import { createRequire } from 'node:module';
import * as ort from 'onnxruntime-node';
import { type CompileOptions, compileProgram, DEFAULT_OPTIONS } from '../compile/compile.ts';
import type { Engine, EngineState, Executable, Program } from '../engine.ts';
import { detectBlock } from './block.ts';
import { OnnxruntimeExecutable } from './executable.ts';
import { OnnxruntimeState } from './state.ts';

export interface OnnxruntimeSettings {
  /** Threads within one node, at least 1. */
  readonly threads: number;
  /** How programs are lowered. */
  readonly compile?: Partial<CompileOptions>;
}

/**
 * Programs compiled to one ONNX graph each, run by onnxruntime on the CPU. A run computes on the calling thread;
 * worker threads do not spin, because cores are shared with the gateway and with the other engine process.
 */
export function openOnnxruntime(settings: OnnxruntimeSettings): Engine {
  let block: Promise<number> | undefined;
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return {
    name: 'onnxruntime',
    device: 'cpu',
    version: `onnxruntime-node ${version}`,
    createState: (shapes, initial) => new OnnxruntimeState(shapes, initial),
    compile: async (program, state) => {
      block ??= detectBlock();
      return open(program, state, settings, await block);
    },
    dispose: async () => {},
  };
}

async function open(
  program: Program,
  state: EngineState,
  { threads, compile }: OnnxruntimeSettings,
  block: number,
): Promise<Executable> {
  if (!(state instanceof OnnxruntimeState)) throw new TypeError('the state belongs to another engine');
  const values = program.frozen ? state.read(Object.keys(program.state)) : undefined;
  const graph = compileProgram(program, { ...DEFAULT_OPTIONS, block, ...compile }, values);
  const session = await ort.InferenceSession.create(graph.model, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    logSeverityLevel: 3,
    // Values below 1e-38 are worth nothing to a gradient and cost a hundred times as much as others.
    extra: { session: { intra_op: { allow_spinning: '0' }, set_denormal_as_zero: '1' } },
  });
  return new OnnxruntimeExecutable(program, graph, session, state);
}
