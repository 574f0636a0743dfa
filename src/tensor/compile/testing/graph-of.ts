/** Small graphs written by hand, for tests of passes. */
import type { Attributes, DType, Graph, Node, Port, Value } from '../graph.ts';
import { KERNELS } from '../kernels/table.ts';

/** Adds to a graph under construction; every method returns the number of the value it made. */
export class GraphBuilder {
  readonly #values = new Map<number, Value>();
  readonly #constants = new Map<number, Float32Array | Int32Array | Uint8Array>();
  readonly #nodes: Node[] = [];
  readonly #inputs: Port[] = [];
  readonly #state: Port[] = [];

  input(name: string, ...shape: readonly number[]): number {
    const value = this.#value(shape);
    this.#inputs.push({ name, value });
    return value;
  }

  state(name: string, ...shape: readonly number[]): number {
    const value = this.#value(shape);
    this.#state.push({ name, value });
    return value;
  }

  constant(data: readonly number[], shape: readonly number[] = [], dtype: DType = 'float32'): number {
    const value = this.#value(shape, dtype);
    const types = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };
    this.#constants.set(value, types[dtype].from(data));
    return value;
  }

  /** A node of one output. Shapes are inferred as in a trace. */
  node(kernel: string, inputs: readonly number[], attributes: Attributes = {}): number {
    return this.nodes(kernel, inputs, attributes)[0]!;
  }

  nodes(kernel: string, inputs: readonly number[], attributes: Attributes = {}): number[] {
    const known = inputs.map((id) => this.#values.get(id)!);
    const inferred = KERNELS[kernel]!.infer(known, attributes);
    const outputs = inferred.map(({ shape, dtype }) => this.#value(shape, dtype));
    this.#nodes.push({ kernel, inputs, outputs, attributes });
    return outputs;
  }

  build(outputs: Readonly<Record<string, number>>, newState: Readonly<Record<string, number>> = {}): Graph {
    const ports = (named: Readonly<Record<string, number>>): Port[] =>
      Object.entries(named).map(([name, value]) => ({ name, value }));
    return {
      name: 'by hand',
      values: this.#values,
      nodes: this.#nodes,
      constants: this.#constants,
      inputs: this.#inputs,
      state: this.#state,
      outputs: ports(outputs),
      newState: ports(newState),
      views: [],
      updates: [],
    };
  }

  #value(shape: readonly number[], dtype: DType = 'float32'): number {
    const id = this.#values.size;
    this.#values.set(id, { id, shape, dtype });
    return id;
  }
}

/** Kernels in order: what most tests look at. */
export const kernelsOf = (graph: Graph): string[] => graph.nodes.map(({ kernel }) => kernel);

/** The value that leaves under a name, as an output or as state. */
export function leaving(graph: Graph, name: string): number {
  return [...graph.outputs, ...graph.newState].find((port) => port.name === name)!.value;
}

/** The node that makes the value that leaves under a name. */
export function makerOf(graph: Graph, name: string): Node | undefined {
  return graph.nodes.find(({ outputs }) => outputs.includes(leaving(graph, name)));
}

/** The constant that leaves under a name. */
export function constantOf(graph: Graph, name: string): number[] | undefined {
  const data = graph.constants.get(leaving(graph, name));
  return data && [...data];
}
