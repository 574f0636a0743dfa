import { createRequire } from 'node:module';
import * as ort from 'onnxruntime-node';
import { type CompileOptions, compileProgram, DEFAULT_OPTIONS } from '../compile/compile.ts';
import { GraphCache, type GraphCacheSettings } from '../compile/graph-cache.ts';
import type { Engine, EngineState, Executable, Program } from '../engine.ts';
import type { CompileReport } from '../report.ts';
import { OnnxruntimeExecutable } from './executable.ts';
import { sessionOptions } from './session-options.ts';
import { OnnxruntimeState } from './state.ts';

export interface OnnxruntimeSettings {
  /** Threads within one node, at least 1. */
  readonly threads: number;
  /** How programs are lowered. */
  readonly compile?: Partial<CompileOptions>;
  /** Where lowered graphs are kept; without it every start compiles them. */
  readonly graphCache?: GraphCacheSettings | undefined;
  readonly onCompiled?: ((report: CompileReport) => void) | undefined;
  /** Hears, once for each kind, of what keeps the cache from working. */
  readonly onCacheTrouble?: ((text: string) => void) | undefined;
}

/**
 * Programs compiled to one ONNX graph each, run by onnxruntime on the CPU. A run computes on the calling thread;
 * worker threads do not spin, because cores are shared with the gateway and with the other engine process.
 */
export function openOnnxruntime(settings: OnnxruntimeSettings): Engine {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  const { graphCache, onCacheTrouble = () => {} } = settings;
  const cache = graphCache?.maxBytes ? new GraphCache(graphCache, onCacheTrouble) : undefined;
  return {
    name: 'onnxruntime',
    device: 'cpu',
    version: `onnxruntime-node ${version}`,
    createState: (shapes, initial) => new OnnxruntimeState(shapes, initial),
    compile: (program, state) => open(program, state, settings, cache),
    dispose: async () => {},
  };
}

async function open(
  program: Program,
  state: EngineState,
  { threads, compile, onCompiled }: OnnxruntimeSettings,
  cache: GraphCache | undefined,
): Promise<Executable> {
  if (!(state instanceof OnnxruntimeState)) throw new TypeError('the state belongs to another engine');
  const { graph, times } = await compileProgram(program, { ...DEFAULT_OPTIONS, ...compile }, cache);
  const began = performance.now();
  const session = await ort.InferenceSession.create(graph.model, sessionOptions(threads));
  onCompiled?.({ program: program.name, ...times, sessionMs: performance.now() - began });
  return new OnnxruntimeExecutable(program, graph, session, state);
}
