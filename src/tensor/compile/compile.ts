import { create, toBinary } from '@bufbuild/protobuf';
import type { Program, Shape } from '../engine.ts';
import { Emitter } from './emitter.ts';
import {
  ModelProtoSchema,
  TensorProto_DataType,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from './gen/onnx/onnx_pb.ts';
import type { Graph, Port } from './graph.ts';
import { KERNELS } from './kernels/table.ts';
import { dropDeadNodes } from './passes/dead-nodes.ts';
import { removeIdentities } from './passes/identities.ts';
import { fuseLeakyGradients } from './passes/leaky-gradient.ts';
import { trace } from './trace.ts';

/** A program as one ONNX model. Port names are prefixed: `in:`, `state:`, `out:`, `new:`. */
export interface CompiledProgram {
  /** The serialized ModelProto. */
  readonly model: Uint8Array;
  /** ONNX nodes in it, before the runtime optimises further. */
  readonly nodes: number;
  /** Inputs the graph really uses, by port name without prefix. */
  readonly inputs: readonly string[];
  readonly state: readonly string[];
  /** Names of the outputs. */
  readonly outputs: readonly string[];
  /** Names of the state tensors that get new values. */
  readonly newState: readonly string[];
}

/** The passes, in order. */
export const PASSES: readonly ((graph: Graph) => Graph)[] = [
  removeIdentities,
  fuseLeakyGradients,
  dropDeadNodes,
];

/** Traces, optimises and lowers. Errors: KERNEL_UNSUPPORTED. */
export function compileProgram(program: Program): CompiledProgram {
  const graph = PASSES.reduce((before, pass) => pass(before), trace(program));
  return lower(graph);
}

function lower(graph: Graph): CompiledProgram {
  const emit = new Emitter(graph);
  const needed = new Set([
    ...graph.nodes.flatMap((node) => node.inputs),
    ...[...graph.outputs, ...graph.newState].map((port) => port.value),
  ]);
  const used = (ports: readonly Port[]): readonly Port[] => ports.filter((port) => needed.has(port.value));
  const inputs = used(graph.inputs);
  const state = used(graph.state);
  const shapeOf = (port: Port): Shape => graph.values.get(port.value)!.shape;
  for (const port of inputs) emit.bind(port.value, `in:${port.name}`);
  for (const port of state) emit.bind(port.value, `state:${port.name}`);
  for (const node of graph.nodes) KERNELS[node.kernel]!.lower(node, emit);

  const rename = new Map<string, string>();
  const result =
    (prefix: string) =>
    (port: Port): ValueInfoProto => {
      const wanted = `${prefix}:${port.name}`;
      const made = emit.as(port.value);
      const ownsName = emit.nodes.some((node) => node.output.includes(made)) && !rename.has(made);
      if (ownsName) rename.set(made, wanted);
      else rename.set(emit.op('Identity', [made], { port: wanted }), wanted);
      return valueInfo(wanted, shapeOf(port));
    };
  const output = [...graph.outputs.map(result('out')), ...graph.newState.map(result('new'))];
  for (const node of emit.nodes) {
    node.input = node.input.map((name) => rename.get(name) ?? name);
    node.output = node.output.map((name) => rename.get(name) ?? name);
    // The attribute only kept one Identity per port apart from another.
    if (node.opType === 'Identity') node.attribute = [];
  }
  const input = [
    ...inputs.map((port) => valueInfo(`in:${port.name}`, shapeOf(port))),
    ...state.map((port) => valueInfo(`state:${port.name}`, shapeOf(port))),
  ];
  const model = create(ModelProtoSchema, {
    irVersion: 10n,
    producerName: 'vigil',
    opsetImport: [{ domain: '', version: 20n }],
    graph: { name: graph.name, node: emit.nodes, initializer: emit.initializers, input, output },
  });
  const names = (ports: readonly Port[]): string[] => ports.map((port) => port.name);
  return {
    model: toBinary(ModelProtoSchema, model),
    nodes: emit.nodes.length,
    inputs: names(inputs),
    state: names(state),
    outputs: names(graph.outputs),
    newState: names(graph.newState),
  };
}

function valueInfo(name: string, shape: Shape): ValueInfoProto {
  const dim = shape.map((size) => ({ value: { case: 'dimValue' as const, value: BigInt(size) } }));
  const tensor = { elemType: TensorProto_DataType.FLOAT, shape: { dim } };
  return create(ValueInfoProtoSchema, { name, type: { value: { case: 'tensorType', value: tensor } } });
}
