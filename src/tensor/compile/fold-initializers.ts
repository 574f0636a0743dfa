import type { GraphProto, NodeProto, TensorProto } from './gen/onnx/onnx_pb.ts';

/**
 * Transpositions and reshapes of initializers, done in place: other tools want to find a Conv's weights in its
 * initializer, quantisers among them. Initializers that nobody reads any more are left out.
 */
export function foldInitializers(graph: GraphProto): void {
  const tensors = new Map(graph.initializer.map((tensor) => [tensor.name, tensor] as const));
  graph.node = graph.node.filter((node) => {
    const folded = fold(node, tensors);
    if (folded) tensors.set(folded.name, folded);
    return folded === undefined;
  });
  const read = new Set([
    ...graph.node.flatMap(({ input }) => input),
    ...graph.output.map(({ name }) => name),
  ]);
  graph.initializer = [...tensors.values()].filter(({ name }) => read.has(name));
}

/** The result as an initializer, where the node is one of these and reads nothing else. */
function fold(node: NodeProto, tensors: ReadonlyMap<string, TensorProto>): TensorProto | undefined {
  const [data, shape] = node.input.map((name) => tensors.get(name));
  if (!data) return undefined;
  const name = node.output[0]!;
  if (node.opType === 'Reshape' && shape) {
    const dims = [...new BigInt64Array(Uint8Array.from(shape.rawData).buffer)];
    return { ...data, name, dims };
  }
  const isMatrix = data.dims.length > 0 && data.rawData.length % 4 === 0;
  if (node.opType !== 'Transpose' || !isMatrix) return undefined;
  const perm = node.attribute.find((attribute) => attribute.name === 'perm')!.ints.map(Number);
  const dims = perm.map((axis) => data.dims[axis]!);
  return { ...data, name, dims, rawData: transpose(data.rawData, data.dims.map(Number), perm) };
}

/** Elements of four bytes. */
function transpose(bytes: Uint8Array, dims: readonly number[], perm: readonly number[]): Uint8Array {
  const source = new Uint32Array(Uint8Array.from(bytes).buffer);
  const strides = dims.map((_, axis) => dims.slice(axis + 1).reduce((a, b) => a * b, 1));
  const sizes = perm.map((axis) => dims[axis]!);
  const steps = perm.map((axis) => strides[axis]!);
  const index = sizes.map(() => 0);
  let from = 0;
  const out = source.map(() => {
    const value = source[from]!;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++index[axis]! < sizes[axis]!) break;
      from -= steps[axis]! * sizes[axis]!;
      index[axis] = 0;
    }
    return value;
  });
  return new Uint8Array(out.buffer);
}
