import { createRequire } from 'node:module';
import * as ort from 'onnxruntime-node';
import { type CompileOptions, compileProgram, DEFAULT_OPTIONS } from '../compile/compile.ts';
import type { Engine, EngineState, Executable, Program } from '../engine.ts';
import { detectBlock } from './block.ts';
import { OnnxruntimeExecutable } from './executable.ts';
import { OnnxruntimeState } from './state.ts';

export interface OnnxruntimeSettings {
  /** Threads within one node on the CPU, at least 1. */
  readonly threads: number;
  /** What computes. `webgpu` needs a Vulkan driver (D3D12 or Metal elsewhere). Default: the CPU. */
  readonly device?: 'cpu' | 'webgpu';
  /** How programs are lowered. */
  readonly compile?: Partial<CompileOptions>;
}

/**
 * Programs compiled to one ONNX graph each, run by onnxruntime. On the CPU a run computes on the calling thread; worker
 * threads do not spin, because cores are shared with the gateway and with the other engine process. On WebGPU the state
 * stays in this process: weights go to the device and gradients come back at every step.
 */
export function openOnnxruntime(settings: OnnxruntimeSettings): Engine {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  const { device = 'cpu' } = settings;
  let options: Promise<CompileOptions> | undefined;
  return {
    name: 'onnxruntime',
    device,
    version: `onnxruntime-node ${version}`,
    createState: (shapes, initial) => new OnnxruntimeState(shapes, initial),
    compile: async (program, state) => {
      options ??= optionsFor(settings);
      return open(program, state, settings, await options);
    },
    dispose: async () => {},
  };
}

/** As `openOnnxruntime` on WebGPU, or throws with the reason why it cannot run here. */
export async function openWebgpu(threads: number): Promise<Engine> {
  const engine = openOnnxruntime({ threads, device: 'webgpu' });
  const state = engine.createState({}, {});
  const probe: Program = {
    name: 'probe',
    inputs: { x: [1] },
    state: {},
    run: ({ x }) => ({ outputs: { x: x! } }),
  };
  try {
    const executable = await engine.compile(probe, state);
    await executable.run({ x: Float32Array.of(1) });
    await executable.dispose();
    return engine;
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    const reason = /adapter/i.test(text) ? 'no graphics adapter with a Vulkan driver was found' : text;
    throw new Error(`WebGPU cannot run here: ${reason}`, { cause });
  } finally {
    state.dispose();
  }
}

async function optionsFor({ device, compile }: OnnxruntimeSettings): Promise<CompileOptions> {
  // The blocked layout is the CPU provider's own.
  const convolution = device === 'webgpu' ? 'gathered' : DEFAULT_OPTIONS.convolution;
  const block = device === 'webgpu' ? 1 : await detectBlock();
  return { ...DEFAULT_OPTIONS, convolution, block, ...compile };
}

async function open(
  program: Program,
  state: EngineState,
  { threads, device = 'cpu' }: OnnxruntimeSettings,
  options: CompileOptions,
): Promise<Executable> {
  if (!(state instanceof OnnxruntimeState)) throw new TypeError('the state belongs to another engine');
  const values = program.frozen ? state.read(Object.keys(program.state)) : undefined;
  const graph = compileProgram(program, options, values);
  const session = await ort.InferenceSession.create(graph.model, {
    executionProviders: [device],
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
