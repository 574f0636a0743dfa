/** The traced program: kernels of TensorFlow.js over numbered values with static shapes. */
import type { AdamSettings } from '../adam-update.ts';
import type { Shape } from '../engine.ts';

export type DType = 'float32' | 'int32' | 'bool';
export type Attributes = Readonly<Record<string, unknown>>;

export interface Value {
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: DType;
}

export interface Node {
  /** Kernel name as TensorFlow.js registers it, or a compiler's own (`LeakyReluGrad`). */
  readonly kernel: string;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly attributes: Attributes;
}

/** A named port of the graph. */
export interface Port {
  readonly name: string;
  readonly value: number;
}

/** A stretch of a state vector that comes in as a value of its own. */
export interface StateView {
  readonly state: string;
  /** Its first element in the vector. */
  readonly offset: number;
  readonly value: number;
}

/** Adam's update of three state vectors, done outside the graph, in place, after it has run. */
export interface Update {
  /** Names of state vectors. */
  readonly weights: string;
  readonly moment1: string;
  readonly moment2: string;
  /** Name of the input that holds the corrected rate. */
  readonly rate: string;
  readonly settings: AdamSettings;
  /** The gradient's stretches, which together make it whole. */
  readonly gradient: readonly { readonly offset: number; readonly value: number }[];
}

export interface Graph {
  readonly name: string;
  readonly values: ReadonlyMap<number, Value>;
  /** In an order in which every input is made before it is used. */
  readonly nodes: readonly Node[];
  readonly constants: ReadonlyMap<number, Float32Array | Int32Array | Uint8Array>;
  readonly inputs: readonly Port[];
  readonly state: readonly Port[];
  readonly outputs: readonly Port[];
  /** New values of state tensors, by the state's name. */
  readonly newState: readonly Port[];
  readonly views: readonly StateView[];
  readonly updates: readonly Update[];
}

/** Every value that must be computed, whoever takes it. */
export function results(graph: Graph): number[] {
  const ports = [...graph.outputs, ...graph.newState].map(({ value }) => value);
  return [...ports, ...graph.updates.flatMap(({ gradient }) => gradient.map(({ value }) => value))];
}

/** The node that makes each value. */
export function producers(graph: Graph): ReadonlyMap<number, Node> {
  return new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
}

/** Replaces values in what nodes and ports take; `replaced` maps a value to the one that stands for it. */
export function redirect(graph: Graph, replaced: ReadonlyMap<number, number>): Graph {
  const target = (id: number): number => {
    let at = id;
    for (let next = replaced.get(at); next !== undefined; next = replaced.get(at)) at = next;
    return at;
  };
  const port = ({ name, value }: Port): Port => ({ name, value: target(value) });
  return {
    ...graph,
    nodes: graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(target) })),
    outputs: graph.outputs.map(port),
    newState: graph.newState.map(port),
    updates: graph.updates.map((update) => ({
      ...update,
      gradient: update.gradient.map(({ offset, value }) => ({ offset, value: target(value) })),
    })),
  };
}
