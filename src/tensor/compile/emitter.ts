/** Says where the values of a traced graph lie in the ONNX graph, and moves them where a node needs them otherwise. */
import { type Layout, type Shape, sameShape } from '../engine.ts';
import { TensorProto_DataType } from './gen/onnx/onnx_pb.ts';
import type { Graph, Value } from './graph.ts';
import { GraphBuilder } from './graph-builder.ts';
import { type Conversion, conversion, isRowMajor, physical, rowMajor, runsOf, sameLayout } from './layout.ts';

/** Where a graph value lives in the ONNX graph. */
export interface Place {
  readonly name: string;
  /** The shape it has there: any with the same elements in the order of `layout`. */
  readonly shape: Shape;
  readonly layout: Layout;
}

/** A port of the graph, whose shape and, where the caller can arrange it, layout are chosen by its first use. */
interface Port {
  readonly name: string;
  readonly arrangeable: boolean;
  shape: Shape | undefined;
  /** Of an arrangeable port that was used. */
  layout: Layout | undefined;
}

/** Lengths of runs, in values, that are moved by Gather. */
const SHORT_RUN = 8;
const LONG_RUN = 256;

const DATA_TYPES = {
  float32: TensorProto_DataType.FLOAT,
  int32: TensorProto_DataType.INT32,
  bool: TensorProto_DataType.BOOL,
};

/** Choices between ways to compute the same. */
export interface LoweringOptions {
  /**
   * `blocked`: the runtime's direct convolutions where they fit. `gathered`: matrix products over gathered patches.
   * `naive`: ONNX's own convolutions, slower, as a check.
   */
  readonly convolution: 'blocked' | 'gathered' | 'naive';
  /** Channels that the runtime keeps together on this processor; 1 where it has no such layout. */
  readonly block: number;
  /**
   * For a graph that is given away: ports have the program's own shapes, axes are never exchanged by a Gather, whose row
   * numbers fit one batch, and a Slice names only the axes that it cuts. Default: what is faster.
   */
  readonly portable?: true;
}

export class Emitter extends GraphBuilder {
  readonly options: LoweringOptions;
  readonly #graph: Graph;
  readonly #places = new Map<number, Place>();
  readonly #ports = new Map<number, Port>();
  /** Names under which values leave the graph. */
  readonly #left = new Set<string>();

  constructor(graph: Graph, options: LoweringOptions) {
    super();
    this.options = options;
    this.#graph = graph;
  }

  value(id: number): Value {
    return this.#graph.values.get(id)!;
  }

  /** The constant behind a value, if it is one. */
  constantOf(id: number): Float32Array | Int32Array | Uint8Array | undefined {
    return this.#graph.constants.get(id);
  }

  /** Says where a graph value lives; row-major in its own shape when nothing else is said. */
  bind(id: number, name: string, shape: Shape = this.value(id).shape, layout?: Layout): void {
    this.#places.set(id, { name, shape, layout: layout ?? rowMajor(this.value(id).shape.length) });
  }

  /** Says that a graph value comes in through a port. */
  bindPort(id: number, name: string, arrangeable: boolean): void {
    this.#ports.set(id, { name, arrangeable, shape: undefined, layout: undefined });
  }

  /** Lets a value of the same elements in the same logical order, whatever its shape, live where another does. */
  view(id: number, of: number): void {
    const port = this.#ports.get(of);
    const { shape } = this.value(id);
    const same = sameShape(shape, this.value(of).shape);
    const reshapeable = port && !port.arrangeable && !this.options.portable;
    if (port && (same || reshapeable)) this.#ports.set(id, port);
    else if (same) this.#places.set(id, this.place(of));
    else {
      const { layout, shape: found } = this.place(of);
      if (isRowMajor(layout)) this.bind(id, this.place(of).name, found);
      else this.bind(id, this.as(of, shape));
    }
  }

  /** The shape in which a port's array is declared, and the layout in which it is fed. */
  port(id: number): { shape: Shape; layout: Layout } {
    const { layout } = this.place(id);
    return { shape: this.#ports.get(id)!.shape!, layout };
  }

  /** The value as it lies. */
  place(id: number): Place {
    const place = this.#places.get(id);
    if (place) return place;
    const { shape, dtype } = this.value(id);
    const port = this.#ports.get(id);
    if (port) return this.#settle(id, port, port.layout ?? rowMajor(shape.length), undefined);
    const data = this.constantOf(id);
    if (!data) throw new Error(`value ${id} of ${this.#graph.name} is used before it is made`);
    this.bind(id, this.constant(data, shape, DATA_TYPES[dtype]), shape);
    return this.#places.get(id)!;
  }

  /** The value row-major in the given shape. */
  as(id: number, shape: Shape = this.value(id).shape): string {
    return this.laid(id, rowMajor(this.value(id).shape.length), shape);
  }

  /**
   * The value in a layout, seen in `shape` (the dimensions in memory when none is given). Nodes are emitted only where
   * it lies differently.
   */
  laid(id: number, layout: Layout, shape: Shape = physical(layout, this.value(id).shape)): string {
    const port = this.#ports.get(id);
    if (port && !this.#places.has(id)) {
      const fed = port.arrangeable ? (port.layout ?? layout) : rowMajor(this.value(id).shape.length);
      this.#settle(id, port, fed, sameLayout(fed, layout) ? shape : undefined);
    }
    const place = this.place(id);
    if (sameLayout(place.layout, layout)) return this.reshape(place.name, place.shape, shape);
    return this.#move(place.name, place.shape, conversion(this.value(id).shape, place.layout, layout), shape);
  }

  /** A row-major array of a logical shape, moved to a layout. */
  arrange(name: string, shape: Shape, layout: Layout): string {
    // An axis of one element has no blocks: a vector to be broadcast keeps its 1 there.
    const fitting = shape.at(-1)! % layout.block === 0 ? layout : { ...layout, block: 1 };
    const change = conversion(shape, rowMajor(shape.length), fitting);
    const moved = this.#move(name, shape, change, physical(fitting, shape));
    return fitting === layout
      ? moved
      : this.reshape(moved, physical(fitting, shape), [...physical(fitting, shape), 1]);
  }

  /** An array of some shape with its axes exchanged, seen in another shape. */
  permute(name: string, shape: Shape, permutation: readonly number[], to: Shape): string {
    return this.#move(name, shape, { from: shape, permutation, still: false }, to);
  }

  #move(name: string, shape: Shape, change: Conversion, to: Shape): string {
    const { from, permutation, still } = change;
    if (still) return this.reshape(name, shape, to);
    const runs = this.options.portable ? undefined : runsOf(change);
    if (runs && runs.run >= SHORT_RUN && runs.run <= LONG_RUN) {
      const { run, rows } = runs;
      // A Gather of short runs is a little faster than the runtime's Transpose (docs/decisions/0012).
      const lines = this.reshape(name, shape, [rows.length, run]);
      const moved = this.op('Gather', [lines, this.int32s(rows, [rows.length])], { axis: 0 });
      return this.reshape(moved, [rows.length, run], to);
    }
    const moved = this.op('Transpose', [this.reshape(name, shape, from)], { perm: permutation });
    return this.reshape(
      moved,
      permutation.map((axis) => from[axis]!),
      to,
    );
  }

  /** Is the layout of this value still to be chosen? */
  isOpen(id: number): boolean {
    const port = this.#ports.get(id);
    return port?.arrangeable === true && port.layout === undefined;
  }

  /** Fixes how a port is fed, unless that is fixed. */
  #settle(id: number, port: Port, layout: Layout, shape: Shape | undefined): Place {
    if (port.arrangeable) port.layout ??= layout;
    port.shape ??= shape ?? physical(layout, this.value(id).shape);
    const place = { name: port.name, shape: port.shape, layout };
    this.#places.set(id, place);
    return place;
  }

  /** Gives the row-major value a name by which it leaves the graph, and says in which shape it does. */
  result(id: number, port: string): { port: string; dims: Shape } {
    const { layout, shape } = this.place(id);
    const row = isRowMajor(layout) && !this.options.portable;
    const name = row ? this.place(id).name : this.as(id);
    const dims = row ? shape : this.value(id).shape;
    const made = this.nodes.some((node) => node.output.includes(name));
    // A port of the graph, a constant, or a value that leaves twice gets a node of its own.
    if (!made || this.#left.has(name)) this.copy(name, port);
    else {
      this.rename(name, port);
      for (const [other, place] of this.#places)
        if (place.name === name) this.#places.set(other, { ...place, name: port });
    }
    this.#left.add(port);
    return { port, dims };
  }
}
