/** Builds an ONNX graph node by node. Pure nodes that were emitted before are not emitted again. */
import { create } from '@bufbuild/protobuf';
import type { Shape } from '../engine.ts';
import { sizeOf } from '../engine.ts';
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
import type { Graph, Value } from './graph.ts';

export type OnnxAttributes = Readonly<Record<string, OnnxAttribute>>;
/** Integers, lists of integers, text, or a float (marked, because 1 is also an integer). */
export type OnnxAttribute = number | readonly number[] | string | { readonly float: number };

/** Where a graph value lives in the ONNX graph: a name, and the shape it has there (same elements, same order). */
interface Place {
  readonly name: string;
  readonly shape: Shape;
}

const DATA_TYPES = {
  float32: TensorProto_DataType.FLOAT,
  int32: TensorProto_DataType.INT32,
  bool: TensorProto_DataType.BOOL,
};

export class Emitter {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  readonly #graph: Graph;
  readonly #places = new Map<number, Place>();
  readonly #made = new Map<string, readonly string[]>();
  #names = 0;

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  value(id: number): Value {
    return this.#graph.values.get(id)!;
  }

  /** The constant behind a value, if it is one. */
  constantOf(id: number): Float32Array | Int32Array | Uint8Array | undefined {
    return this.#graph.constants.get(id);
  }

  /** Says where a graph value lives. `shape` may differ from the value's own as long as the elements are the same. */
  bind(id: number, name: string, shape: Shape = this.value(id).shape): void {
    this.#places.set(id, { name, shape });
  }

  /** The value in whatever shape it has. */
  place(id: number): Place {
    const place = this.#places.get(id);
    if (place) return place;
    const data = this.constantOf(id);
    if (!data) throw new Error(`value ${id} of ${this.#graph.name} is used before it is made`);
    const { shape, dtype } = this.value(id);
    this.bind(id, this.constant(data, shape, DATA_TYPES[dtype]), shape);
    return this.#places.get(id)!;
  }

  /** The value in the given shape; a Reshape is emitted only where it lives in another one. */
  as(id: number, shape: Shape = this.value(id).shape): string {
    const place = this.place(id);
    return this.reshape(place.name, place.shape, shape);
  }

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
}

function toAttribute(name: string, value: OnnxAttribute): AttributeProto {
  const type = AttributeProto_AttributeType;
  if (typeof value === 'string') {
    return create(AttributeProtoSchema, { name, type: type.STRING, s: new TextEncoder().encode(value) });
  }
  if (typeof value === 'number')
    return create(AttributeProtoSchema, { name, type: type.INT, i: BigInt(value) });
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
