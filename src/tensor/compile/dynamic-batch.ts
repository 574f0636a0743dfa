/**
 * A model for any batch from two that were lowered for different ones. Where the two differ, the batch is the reason: a
 * dimension that grew with it becomes open. What cannot be left open is refused, so nothing is assumed about the network.
 */
import { clone, equals } from '@bufbuild/protobuf';
import { VigilError } from '../../errors.ts';
import {
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  NodeProtoSchema,
  type TensorProto,
  TensorProto_DataType,
  type TensorShapeProto_Dimension,
  type ValueInfoProto,
} from './gen/onnx/onnx_pb.ts';

/** Primes beyond every size that a network has: no other dimension can be taken for a batch. */
export const BATCHES = [10_007, 10_009] as const;

/** Name of the open dimension. */
const BATCH = 'batch';

/** Both models must be of one program, lowered for `BATCHES`. Errors: KERNEL_UNSUPPORTED when it needs a fixed batch. */
export function joinBatches(first: ModelProto, second: ModelProto): ModelProto {
  const joined = clone(ModelProtoSchema, first);
  joined.graph = joinGraphs(first.graph!, second.graph!);
  return joined;
}

function joinGraphs(first: GraphProto, second: GraphProto): GraphProto {
  const graph = clone(GraphProtoSchema, first);
  const same =
    first.node.length === second.node.length &&
    first.initializer.length === second.initializer.length &&
    first.node.every((node, i) => equals(NodeProtoSchema, node, second.node[i]!));
  if (!same) throw fixed(first.name, 'its operations');
  graph.initializer.forEach((tensor, i) => {
    const other = second.initializer[i]!;
    const unchanged = Buffer.compare(tensor.rawData, other.rawData) === 0;
    if (unchanged && tensor.dims.every((dim, axis) => dim === other.dims[axis])) return;
    openShape(graph, tensor, other);
  });
  graph.input.forEach((port, i) => {
    openPort(graph.name, port, second.input[i]!);
  });
  graph.output.forEach((port, i) => {
    openPort(graph.name, port, second.output[i]!);
  });
  return graph;
}

const isBatch = (a: bigint, b: bigint): boolean => a * BigInt(BATCHES[1]) === b * BigInt(BATCHES[0]);

/** A shape that a Reshape reads as an operand. */
function openShape(graph: GraphProto, tensor: TensorProto, other: TensorProto): void {
  if (tensor.dataType !== TensorProto_DataType.INT64 || tensor.rawData.length !== other.rawData.length)
    throw fixed(graph.name, `constant ${tensor.name}`);
  const readers = graph.node.flatMap(({ opType, input }) =>
    input.flatMap((name, at) => (name === tensor.name ? [`${opType} ${at}`] : [])),
  );
  const isShape = readers.every((reader) => reader === 'Reshape 1');
  const values = new BigInt64Array(Uint8Array.from(tensor.rawData).buffer);
  const others = new BigInt64Array(Uint8Array.from(other.rawData).buffer);
  let opened = 0;
  values.forEach((value, i) => {
    if (value === others[i]) return;
    if (!isShape || !isBatch(value, others[i]!)) throw fixed(graph.name, `what ${readers.join(', ')} reads`);
    values[i] = -1n;
    opened += 1;
  });
  // A Reshape can work out one dimension.
  if (opened > 1) throw fixed(graph.name, 'two dimensions of a Reshape');
  tensor.rawData = new Uint8Array(values.buffer);
}

const dimensionsOf = ({ type }: ValueInfoProto): TensorShapeProto_Dimension[] =>
  type?.value.case === 'tensorType' ? (type.value.value.shape?.dim ?? []) : [];

function openPort(graph: string, port: ValueInfoProto, other: ValueInfoProto): void {
  const others = dimensionsOf(other);
  dimensionsOf(port).forEach((dimension, axis) => {
    const [a, b] = [dimension.value.value, others[axis]!.value.value];
    if (a === b) return;
    if (a !== BigInt(BATCHES[0]) || b !== BigInt(BATCHES[1])) throw fixed(graph, `port ${port.name}`);
    dimension.value = { case: 'dimParam', value: BATCH };
  });
}

function fixed(graph: string, what: string): VigilError {
  const message = `${graph} cannot be exported: ${what} fit one batch only; allowed: operations that take any batch`;
  return new VigilError('KERNEL_UNSUPPORTED', message, { metadata: { program: graph } });
}
