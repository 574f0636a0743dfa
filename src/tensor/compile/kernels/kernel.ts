import type { Emitter } from '../emitter.ts';
import type { Attributes, DType, Node, Value } from '../graph.ts';

/** What the compiler knows of one TensorFlow.js kernel. */
export interface Kernel {
  /** Names of its inputs in TensorFlow.js, in our order; `list` when it takes any number. */
  readonly inputs: readonly string[] | 'list';
  /** True when it returns a list even for one output. */
  readonly list?: boolean;
  /** Shapes and types of its outputs. */
  infer(
    inputs: readonly Value[],
    attributes: Attributes,
  ): readonly { shape: readonly number[]; dtype: DType }[];
  /** Emits ONNX nodes and binds the node's outputs. */
  lower(node: Node, emit: Emitter): void;
}

export type KernelTable = Readonly<Record<string, Kernel>>;

/** An integer list attribute; a single number counts as a list of one. */
export function integers(attributes: Attributes, name: string): number[] {
  const value = attributes[name];
  if (typeof value === 'number') return [value];
  if (Array.isArray(value)) return value.map(Number);
  throw new Error(`attribute ${name} is not a list of integers`);
}
