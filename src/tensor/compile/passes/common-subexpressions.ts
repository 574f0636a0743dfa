import { type Attributes, type Graph, redirect } from '../graph.ts';
import { KERNELS } from '../kernels/table.ts';

/** Constants of at most this many elements are compared by content. */
const MOST_ELEMENTS = 1024;

/** An update is not shared: it may be done in place later. Every other kernel of the table is a pure function. */
const isPure = (kernel: string): boolean => KERNELS[kernel] !== undefined && kernel !== 'AdamUpdate';

/**
 * Nodes of the same kernel, inputs and attributes become one: the forward pass that a gradient repeats, the scalar that
 * every layer makes anew. One walk is enough, because inputs are made before they are used.
 */
export function shareCommonSubexpressions(graph: Graph): Graph {
  const replaced = new Map<number, number>();
  const first = new Map<string, readonly number[]>();
  /** Remembers the values under what makes them, or lets those that were there before stand for them. */
  const isRepeated = (key: string, values: readonly number[]): boolean => {
    const before = first.get(key);
    if (!before) first.set(key, values);
    else for (const [i, value] of values.entries()) replaced.set(value, before[i]!);
    return before !== undefined;
  };
  for (const [id, data] of graph.constants) {
    if (data.length > MOST_ELEMENTS) continue;
    const { shape, dtype } = graph.values.get(id)!;
    // Bytes, because 0 and -0 are not the same constant.
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
    isRepeated(`constant ${dtype} [${shape}] ${bytes}`, [id]);
  }
  const nodes = graph.nodes.filter(({ kernel, inputs, outputs, attributes }) => {
    if (!isPure(kernel)) return true;
    const from = inputs.map((id) => replaced.get(id) ?? id);
    return !isRepeated(`${kernel} ${from} ${written(attributes)}`, outputs);
  });
  return redirect({ ...graph, nodes }, replaced);
}

/** Attributes as text, whatever their order. JSON alone writes NaN and both infinities as null, and -0 as 0. */
function written(attributes: Attributes): string {
  const sorted = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(sorted, (_, value: unknown) => {
    if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) {
      return { number: Object.is(value, -0) ? '-0' : String(value) };
    }
    return value === undefined ? { undefined: true } : value;
  });
}
