import { type Graph, redirect } from '../graph.ts';

/**
 * Removes what changes nothing: Identity, casts to the same type, reshapes to the same shape, and multiplications
 * with a constant of ones; the last become a broadcast where the shape grows.
 */
export function removeIdentities(graph: Graph): Graph {
  const replaced = new Map<number, number>();
  const nodes = graph.nodes.flatMap((node) => {
    const output = graph.values.get(node.outputs[0]!)!;
    const same = (id: number): boolean => {
      const { shape, dtype } = graph.values.get(id)!;
      return (
        dtype === output.dtype &&
        shape.length === output.shape.length &&
        shape.every((d, i) => d === output.shape[i])
      );
    };
    const standIn = (id: number): [] => {
      replaced.set(output.id, id);
      return [];
    };
    const [first, second] = node.inputs;
    if (['Identity', 'Cast', 'Reshape'].includes(node.kernel) && same(first!)) return standIn(first!);
    if (node.kernel === 'Multiply') {
      for (const [kept, ones] of [
        [first!, second!],
        [second!, first!],
      ] as const) {
        if (!isOnes(graph, ones)) continue;
        if (same(kept)) return standIn(kept);
        return [
          {
            kernel: 'BroadcastTo',
            inputs: [kept],
            outputs: node.outputs,
            attributes: { shape: output.shape },
          },
        ];
      }
    }
    return [node];
  });
  return redirect({ ...graph, nodes }, replaced);
}

function isOnes(graph: Graph, id: number): boolean {
  const data = graph.constants.get(id);
  return data instanceof Float32Array && data.every((value) => value === 1);
}
