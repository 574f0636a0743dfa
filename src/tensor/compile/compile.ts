import type { Arrays, Program } from '../engine.ts';
import type { LoweringOptions } from './emitter.ts';
import type { Graph } from './graph.ts';
import { type LoweredGraph, lower } from './lower.ts';
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
    { name: 'identities', run: removeIdentities },
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
 * Traces, optimises and lowers. With `frozen`, the state's values are part of what comes out.
 * Errors: KERNEL_UNSUPPORTED.
 */
export function compileProgram(
  program: Program,
  options: CompileOptions = DEFAULT_OPTIONS,
  frozen?: Arrays,
): LoweredGraph {
  const graph = passesFor(options).reduce((before, pass) => pass.run(before), trace(program));
  if (!frozen) return lower(graph, options, program.arrangeable ?? []);
  // Constant weights are best left to the runtime, which picks their layout when it loads the graph.
  return lower(freezeState(graph, frozen), { ...options, convolution: 'naive' }, program.arrangeable ?? []);
}
