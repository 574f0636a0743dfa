import { create, toBinary } from '@bufbuild/protobuf';
import { type Layouts, type Shape, sizeOf } from '../engine.ts';
import { Emitter, type LoweringOptions } from './emitter.ts';
import {
  ModelProtoSchema,
  TensorProto_DataType,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from './gen/onnx/onnx_pb.ts';
import { type Graph, results, type Update } from './graph.ts';
import { NCHWC } from './kernels/convolution-blocked.ts';
import { KERNELS } from './kernels/table.ts';
import { isRowMajor } from './layout.ts';

/** An array that crosses the border of the ONNX graph. */
export interface GraphPort {
  /** Its name in the graph. */
  readonly port: string;
  /** The shape in which the graph declares it. */
  readonly dims: Shape;
}

/** An update whose gradient the graph returns in pieces. */
export interface LoweredUpdate extends Omit<Update, 'gradient'> {
  readonly gradient: readonly (GraphPort & { readonly offset: number })[];
}

/** A program as one ONNX model. */
export interface LoweredGraph {
  /** The serialized ModelProto. */
  readonly model: Uint8Array;
  /** ONNX nodes in it by type, before the runtime optimises further. */
  readonly nodes: ReadonlyMap<string, number>;
  /** Inputs that the graph really uses, by the program's name. */
  readonly inputs: readonly (GraphPort & { readonly name: string })[];
  /** State that it reads: whole tensors and stretches of vectors. */
  readonly state: readonly (GraphPort & { readonly name: string; readonly offset: number })[];
  readonly outputs: readonly (GraphPort & { readonly name: string })[];
  /** State tensors that get new values. */
  readonly newState: readonly (GraphPort & { readonly name: string })[];
  readonly updates: readonly LoweredUpdate[];
  /** Inputs that are not fed row-major. */
  readonly layouts: Layouts;
}

/** Writes the graph's kernels as ONNX nodes. `arrangeable` inputs are laid out as suits the first node that reads them. */
export function lower(graph: Graph, options: LoweringOptions, arrangeable: readonly string[]): LoweredGraph {
  const emit = new Emitter(graph, options);
  const needed = new Set([...graph.nodes.flatMap((node) => node.inputs), ...results(graph)]);
  const inputs = graph.inputs.filter(({ value }) => needed.has(value));
  const state = graph.state
    .filter(({ value }) => needed.has(value))
    .map(({ name, value }) => ({ name, offset: 0, value }));
  const views = graph.views.map(({ state: name, offset, value }) => ({ name, offset, value }));
  // A vector and its first stretch begin at the same place: the size tells them apart.
  const read = [...state, ...views].map((part) => {
    const size = sizeOf(graph.values.get(part.value)!.shape);
    return { ...part, port: `state:${part.name}:${part.offset}:${size}` };
  });
  for (const { name, value } of inputs) emit.bindPort(value, `in:${name}`, arrangeable.includes(name));
  for (const { value, port } of read) emit.bindPort(value, port, false);
  for (const node of graph.nodes) KERNELS[node.kernel]!.lower(node, emit);

  const outputs = graph.outputs.map(({ name, value }) => ({ name, ...emit.result(value, `out:${name}`) }));
  const newState = graph.newState.map(({ name, value }) => ({ name, ...emit.result(value, `new:${name}`) }));
  const updates = graph.updates.map((update) => ({
    ...update,
    gradient: update.gradient.map(({ offset, value }) => ({
      offset,
      ...emit.result(value, `gradient:${update.weights}:${offset}`),
    })),
  }));
  const fed = <T extends { value: number }>(ports: readonly T[]): (T & { dims: Shape })[] =>
    ports.map((port) => ({ ...port, dims: emit.port(port.value).shape }));
  const given = fed(inputs.map((input) => ({ ...input, port: `in:${input.name}` })));
  const kept = fed(read);
  const returned = [...outputs, ...newState, ...updates.flatMap(({ gradient }) => gradient)];
  const model = create(ModelProtoSchema, {
    irVersion: 10n,
    producerName: 'vigil',
    opsetImport: ['', NCHWC].map((domain) => ({ domain, version: domain === '' ? 20n : 1n })),
    graph: {
      name: graph.name,
      node: emit.nodes,
      initializer: emit.initializers,
      input: [...given, ...kept].map(({ port, dims }) => valueInfo(port, dims)),
      output: returned.map(({ port, dims }) => valueInfo(port, dims)),
    },
  });
  const nodes = new Map<string, number>();
  for (const { opType } of emit.nodes) nodes.set(opType, (nodes.get(opType) ?? 0) + 1);
  const arranged = inputs.map(({ name, value }) => [name, emit.port(value).layout] as const);
  return {
    model: toBinary(ModelProtoSchema, model),
    nodes,
    inputs: given.map(({ name, port, dims }) => ({ name, port, dims })),
    state: kept.map(({ name, offset, port, dims }) => ({ name, offset, port, dims })),
    outputs,
    newState,
    updates,
    layouts: Object.fromEntries(arranged.filter(([, layout]) => !isRowMajor(layout))),
  };
}

function valueInfo(name: string, shape: Shape): ValueInfoProto {
  const dim = shape.map((size) => ({ value: { case: 'dimValue' as const, value: BigInt(size) } }));
  const tensor = { elemType: TensorProto_DataType.FLOAT, shape: { dim } };
  return create(ValueInfoProtoSchema, { name, type: { value: { case: 'tensorType', value: tensor } } });
}
