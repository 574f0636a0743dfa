/** onnxruntime's profile: a Chrome trace, a JSON list of events in microseconds. */
import { z } from 'zod';

const eventSchema = z.object({
  cat: z.string(),
  name: z.string(),
  ts: z.number(),
  dur: z.number().default(0),
  args: z.object({ op_name: z.string().optional() }).default({}),
});

export interface ProfiledNode {
  readonly name: string;
  readonly op: string;
  /** Mean milliseconds of a run. */
  readonly ms: number;
}

export interface ProfiledOp {
  readonly op: string;
  /** Nodes of this type in the graph as the runtime runs it. */
  readonly nodes: number;
  /** Mean milliseconds of a run, all its nodes together. */
  readonly ms: number;
}

export interface Profile {
  /** Mean milliseconds of a run inside the runtime, what lies between nodes included. */
  readonly runMs: number;
  /** Both slowest first. */
  readonly ops: readonly ProfiledOp[];
  readonly nodes: readonly ProfiledNode[];
}

const RUN = 'model_run';
const NODE = '_kernel_time';

/** Means over all runs but the first `warmUp`. Error when the text is no profile or has no more runs than that. */
export function parseProfile(text: string, warmUp: number): Profile {
  const events = z.array(eventSchema).parse(JSON.parse(text));
  const runs = events.filter(({ name }) => name === RUN).sort((a, b) => a.ts - b.ts);
  const counted = runs.slice(warmUp);
  if (counted.length === 0) throw new Error(`a profile of ${runs.length} runs; needed: more than ${warmUp}`);
  const since = counted[0]!.ts;
  const perRun = (microseconds: number): number => microseconds / 1000 / counted.length;
  const nodes = new Map<string, { op: string; us: number }>();
  for (const { cat, name, ts, dur, args } of events) {
    if (cat !== 'Node' || !name.endsWith(NODE) || ts < since) continue;
    const node = name.slice(0, -NODE.length);
    const before = nodes.get(node)?.us ?? 0;
    nodes.set(node, { op: args.op_name ?? 'unknown', us: before + dur });
  }
  const ops = new Map<string, { nodes: number; us: number }>();
  for (const { op, us } of nodes.values()) {
    const before = ops.get(op) ?? { nodes: 0, us: 0 };
    ops.set(op, { nodes: before.nodes + 1, us: before.us + us });
  }
  const slowestFirst = (a: { ms: number }, b: { ms: number }): number => b.ms - a.ms;
  return {
    runMs: perRun(counted.reduce((sum, { dur }) => sum + dur, 0)),
    ops: [...ops].map(([op, { nodes, us }]) => ({ op, nodes, ms: perRun(us) })).sort(slowestFirst),
    nodes: [...nodes].map(([name, { op, us }]) => ({ name, op, ms: perRun(us) })).sort(slowestFirst),
  };
}
