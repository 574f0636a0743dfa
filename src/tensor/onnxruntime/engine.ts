import { createRequire } from 'node:module';
import * as ort from 'onnxruntime-node';
import { type CompileOptions, compileProgram, DEFAULT_OPTIONS } from '../compile/compile.ts';
import { GraphCache, type GraphCacheSettings } from '../compile/graph-cache.ts';
import type { Engine, EngineState, Executable, Program } from '../engine.ts';
import type { CompileReport } from '../report.ts';
import { detectBlock } from './block.ts';
import { OnnxruntimeExecutable } from './executable.ts';
import { sessionOptions } from './session-options.ts';
import { OnnxruntimeState } from './state.ts';

export interface OnnxruntimeSettings {
  /** Threads within one node on the CPU, at least 1. */
  readonly threads: number;
  /** What computes. `webgpu` needs a Vulkan driver (D3D12 or Metal elsewhere). Default: the CPU. */
  readonly device?: 'cpu' | 'webgpu';
  /** How programs are lowered. */
  readonly compile?: Partial<CompileOptions>;
  /** Where lowered graphs are kept; without it every start compiles them. */
  readonly graphCache?: GraphCacheSettings | undefined;
  readonly onCompiled?: ((report: CompileReport) => void) | undefined;
  /** Hears, once for each kind, of what keeps the cache from working. */
  readonly onCacheTrouble?: ((text: string) => void) | undefined;
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
  const { graphCache, onCacheTrouble = () => {} } = settings;
  const cache = graphCache?.maxBytes ? new GraphCache(graphCache, onCacheTrouble) : undefined;
  return {
    name: 'onnxruntime',
    device,
    version: `onnxruntime-node ${version}`,
    createState: (shapes, initial) => new OnnxruntimeState(shapes, initial),
    compile: async (program, state) => {
      options ??= optionsFor(settings);
      return open(program, state, settings, await options, cache);
    },
    dispose: async () => {},
  };
}

/** As `openOnnxruntime` on WebGPU, or throws with the reason why it cannot run here. */
export async function openWebgpu(settings: Omit<OnnxruntimeSettings, 'device'>): Promise<Engine> {
  const engine = openOnnxruntime({ ...settings, device: 'webgpu' });
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

/** How programs are lowered for a device, where `compile` does not say. */
export async function optionsFor({
  device,
  compile,
}: Pick<OnnxruntimeSettings, 'device' | 'compile'>): Promise<CompileOptions> {
  // The blocked layout is the CPU provider's own.
  const convolution = device === 'webgpu' ? 'gathered' : DEFAULT_OPTIONS.convolution;
  const block = device === 'webgpu' ? 1 : await detectBlock();
  return { ...DEFAULT_OPTIONS, convolution, block, ...compile };
}

async function open(
  program: Program,
  state: EngineState,
  { threads, device, onCompiled }: OnnxruntimeSettings,
  options: CompileOptions,
  cache: GraphCache | undefined,
): Promise<Executable> {
  if (!(state instanceof OnnxruntimeState)) throw new TypeError('the state belongs to another engine');
  const values = program.frozen ? state.read(Object.keys(program.state)) : undefined;
  const { graph, times } = await compileProgram(program, options, values, cache);
  const began = performance.now();
  const session = await ort.InferenceSession.create(graph.model, sessionOptions(threads, device));
  onCompiled?.({ program: program.name, ...times, sessionMs: performance.now() - began });
  return new OnnxruntimeExecutable(program, graph, session, state);
}
