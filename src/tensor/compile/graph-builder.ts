/** Builds an ONNX graph node by node. Pure nodes that were emitted before are not emitted again. */
import { create } from '@bufbuild/protobuf';
import { type Shape, sizeOf } from '../engine.ts';
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProto_DataType,
  TensorProtoSchema,
} from './gen/onnx/onnx_pb.ts';

export type OnnxAttributes = Readonly<Record<string, OnnxAttribute>>;
/** Integers, lists of integers, text, or floats (marked, because 1 is also an integer). */
export type OnnxAttribute =
  | number
  | readonly number[]
  | string
  | { readonly float: number }
  | { readonly floats: readonly number[] };

export class GraphBuilder {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  readonly #made = new Map<string, readonly string[]>();
  #names = 0;

  reshape(name: string, from: Shape, to: Shape): string {
    if (from.length === to.length && from.every((dimension, axis) => dimension === to[axis])) return name;
    if (sizeOf(from) !== sizeOf(to)) throw new Error(`cannot reshape [${from}] to [${to}]`);
    return this.op('Reshape', [name, this.int64s(to)]);
  }

  float(value: number): string {
    return this.floats(Float32Array.of(value), []);
  }

  floats(data: Float32Array, shape: Shape): string {
    return this.constant(data, shape, TensorProto_DataType.FLOAT);
  }

  int32s(data: Int32Array, shape: Shape): string {
    return this.constant(data, shape, TensorProto_DataType.INT32);
  }

  int64s(values: Shape): string {
    return this.constant(BigInt64Array.from(values, BigInt), [values.length], TensorProto_DataType.INT64);
  }

  constant(data: ArrayBufferView, shape: Shape, dataType: TensorProto_DataType): string {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const key = `constant ${dataType} [${shape}] ${fingerprint(bytes)}`;
    return this.#once(key, 1, ([name]) => {
      const dims = shape.map(BigInt);
      this.initializers.push(
        create(TensorProtoSchema, { name: name!, dims, dataType, rawData: bytes.slice() }),
      );
    })[0]!;
  }

  /** Emits a pure node with one output and returns its name. */
  op(type: string, inputs: readonly string[], attributes: OnnxAttributes = {}, domain = ''): string {
    return this.ops(type, inputs, 1, attributes, domain)[0]!;
  }

  /** Emits a pure node with several outputs. */
  ops(
    type: string,
    inputs: readonly string[],
    outputs: number,
    attributes: OnnxAttributes,
    domain = '',
  ): readonly string[] {
    const key = JSON.stringify([type, domain, inputs, outputs, attributes]);
    return this.#once(key, outputs, (names) => {
      const attribute = Object.entries(attributes).map(([name, value]) => toAttribute(name, value));
      const name = `${type}_${names[0]}`;
      this.nodes.push(
        create(NodeProtoSchema, {
          input: [...inputs],
          output: [...names],
          name,
          opType: type,
          domain,
          attribute,
        }),
      );
    });
  }

  #once(key: string, outputs: number, make: (names: readonly string[]) => void): readonly string[] {
    const before = this.#made.get(key);
    if (before) return before;
    const names = Array.from({ length: outputs }, () => `t${this.#names++}`);
    this.#made.set(key, names);
    make(names);
    return names;
  }

  /** Gives what a node makes another name, wherever it is used. */
  rename(name: string, to: string): void {
    const renamed = (found: string): string => (found === name ? to : found);
    for (const node of this.nodes) {
      node.input = node.input.map(renamed);
      node.output = node.output.map(renamed);
    }
    for (const [key, names] of this.#made) {
      if (names.includes(name)) this.#made.set(key, names.map(renamed));
    }
  }

  /** A node that passes a value on under another name, even where there is one already. */
  copy(name: string, to: string): void {
    this.nodes.push(create(NodeProtoSchema, { opType: 'Identity', name: to, input: [name], output: [to] }));
  }
}

function toAttribute(name: string, value: OnnxAttribute): AttributeProto {
  const type = AttributeProto_AttributeType;
  if (typeof value === 'string') {
    return create(AttributeProtoSchema, { name, type: type.STRING, s: new TextEncoder().encode(value) });
  }
  if (typeof value === 'number')
    return create(AttributeProtoSchema, { name, type: type.INT, i: BigInt(value) });
  if ('floats' in value)
    return create(AttributeProtoSchema, { name, type: type.FLOATS, floats: [...value.floats] });
  if ('float' in value) return create(AttributeProtoSchema, { name, type: type.FLOAT, f: value.float });
  return create(AttributeProtoSchema, { name, type: type.INTS, ints: value.map(BigInt) });
}

/** Content key of constants: the bytes themselves when few, else two independent 32-bit hashes and the length. */
function fingerprint(bytes: Uint8Array): string {
  if (bytes.length <= 64) return `${bytes}`;
  let a = 0x811c9dc5;
  let b = 0x2545f491;
  for (let i = 0; i < bytes.length; i++) {
    a = Math.imul(a ^ bytes[i]!, 0x01000193);
    b = Math.imul(b + bytes[i]!, 0x5bd1e995) ^ (b >>> 15);
  }
  return `${bytes.length} ${a >>> 0} ${b >>> 0}`;
}
