import type { Arrays, Program } from '../engine.ts';
import type { CompileTimes } from '../report.ts';
import type { LoweringOptions } from './emitter.ts';
import type { Graph } from './graph.ts';
import type { GraphCache } from './graph-cache.ts';
import { graphKey } from './graph-key.ts';
import { type LoweredGraph, lower } from './lower.ts';
import { shareCommonSubexpressions } from './passes/common-subexpressions.ts';
import { foldConstants } from './passes/constant-folding.ts';
import { dropDeadNodes } from './passes/dead-nodes.ts';
import { delayBroadcasts } from './passes/delay-broadcasts.ts';
import { freezeState } from './passes/freeze-state.ts';
import { fuseConvolutions } from './passes/fuse-convolutions.ts';
import { removeIdentities } from './passes/identities.ts';
import { fuseLeakyGradients } from './passes/leaky-gradient.ts';
import { liftUpdates } from './passes/lift-updates.ts';
import { viewState } from './passes/state-views.ts';
import { trace } from './trace.ts';

export interface CompileOptions extends LoweringOptions {
  /** Where Adam runs: in the graph as a chain of nodes, or after it as one fused kernel. */
  readonly adam: 'graph' | 'kernel';
}

export const DEFAULT_OPTIONS: CompileOptions = {
  convolution: 'blocked',
  block: 1,
  adam: 'kernel',
};

/** A rewriting of the graph that computes the same. */
export interface Pass {
  readonly name: string;
  run(graph: Graph): Graph;
}

/** The passes, in order. */
export function passesFor({ adam }: CompileOptions): readonly Pass[] {
  const lift = adam === 'kernel' ? [{ name: 'lift-updates', run: liftUpdates }] : [];
  return [
    { name: 'constant-folding', run: foldConstants },
    { name: 'identities', run: removeIdentities },
    { name: 'common-subexpressions', run: shareCommonSubexpressions },
    { name: 'leaky-gradients', run: fuseLeakyGradients },
    // What the gradients no longer read would keep a convolution from its activation.
    { name: 'unread-activations', run: dropDeadNodes },
    { name: 'fuse-convolutions', run: fuseConvolutions },
    { name: 'delay-broadcasts', run: delayBroadcasts },
    { name: 'state-views', run: viewState },
    ...lift,
    { name: 'dead-nodes', run: dropDeadNodes },
  ];
}

/**
 * Traces, optimises and lowers, or takes what an earlier compilation of the same made. With `frozen`, the state's values
 * are part of what comes out, and the cache is left alone. Errors: KERNEL_UNSUPPORTED.
 */
export async function compileProgram(
  program: Program,
  options: CompileOptions,
  frozen?: Arrays,
  cache?: GraphCache,
): Promise<{ readonly graph: LoweredGraph; readonly times: CompileTimes }> {
  const laps = stopwatch();
  const arrangeable = program.arrangeable ?? [];
  const traced = trace(program);
  const traceMs = laps();
  const key = cache && !frozen && graphKey(traced, options, arrangeable);
  const kept = key && (await cache.read(key));
  const readMs = laps();
  if (kept)
    return { graph: kept, times: { traceMs, passesMs: 0, lowerMs: 0, cacheMs: readMs, cache: 'hit' } };
  const optimised = passesFor(options).reduce((before, pass) => pass.run(before), traced);
  const passesMs = laps();
  // Constant weights are best left to the runtime, which picks their layout when it loads the graph.
  const graph = frozen
    ? lower(freezeState(optimised, frozen), { ...options, convolution: 'naive' }, arrangeable)
    : lower(optimised, options, arrangeable);
  const lowerMs = laps();
  if (key) await cache.write(key, graph);
  const cacheMs = readMs + laps();
  return { graph, times: { traceMs, passesMs, lowerMs, cacheMs, cache: key ? 'miss' : 'off' } };
}

/** Milliseconds since the last call. */
function stopwatch(): () => number {
  let since = performance.now();
  return () => {
    const before = since;
    since = performance.now();
    return since - before;
  };
}
