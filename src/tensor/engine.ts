/**
 * One definition, several engines. A `Program` is a pure function of tensors, written in the ops of `ops.ts`; an
 * engine runs it eagerly (`reference`, `tensorflow`) or traces it once and compiles it (`onnxruntime`). State lives in the engine
 * between runs; only inputs and outputs cross, as typed arrays.
 */
import type { Tensor } from '@tensorflow/tfjs';

export type Shape = readonly number[];
export type Shapes = Readonly<Record<string, Shape>>;
export type Tensors = Readonly<Record<string, Tensor>>;
/** Row-major float32 values by name. */
export type Arrays = Readonly<Record<string, Float32Array>>;

/** A pure function `(inputs, state) → (outputs, new state)` with fixed shapes. All tensors are float32. */
export interface Program {
  readonly name: string;
  /** What every run is fed. */
  readonly inputs: Shapes;
  /** Inputs that the caller can lay out in any way: the engine says which it likes in `Executable.layouts`. */
  readonly arrangeable?: readonly string[];
  /** The state tensors that it reads; `run` may return new values for any of them. */
  readonly state: Shapes;
  /**
   * The state keeps the values that it has when the program is compiled: an engine may prepare weights once. Such a
   * program returns no new state.
   */
  readonly frozen?: boolean;
  /** May look at shapes, never at values; must not keep or dispose tensors. */
  run(inputs: Tensors, state: Tensors): { readonly outputs: Tensors; readonly state?: Tensors };
}

/** Named float32 tensors that live in the engine and that programs share. */
export interface EngineState {
  readonly shapes: Shapes;
  /** Copies out; all names when none are given. */
  read(names?: readonly string[]): Arrays;
  /** Copies in; lengths must match the shapes. */
  write(values: Arrays): void;
  dispose(): void;
}

/** A program bound to a state. */
export interface Executable {
  /** How `Program.arrangeable` inputs are to be laid out here; inputs that are not listed are row-major. */
  readonly layouts: Layouts;
  /** Bytes of the compiled graph and of weights inside it; the state comes on top. 0 where programs run as they are. */
  readonly heldBytes: number;
  /** Runs once: reads and replaces state, returns the outputs. Not reentrant. */
  run(inputs: Arrays): Promise<Arrays>;
  /**
   * Like `run`, but leaves the outputs in the engine. On a device with a queue the values need not even be computed
   * yet, so a loop that reads every few steps does not wait for the device at each of them.
   */
  submit(inputs: Arrays): Promise<PendingOutputs>;
  dispose(): Promise<void>;
}

/** Outputs of a run that were not read yet. Must be read exactly once. */
export interface PendingOutputs {
  read(): Promise<Arrays>;
}

/** How the elements of an array lie in memory. */
export interface Layout {
  /**
   * Axes, outermost in memory first: `[1, 2, 0, 3]` says that an array of shape `[batch, height, width, channels]` lies
   * as `[height, width, batch, channels]`.
   */
  readonly order: readonly number[];
  /** Above 1, the last axis is cut into blocks of this many: outer part in its place in `order`, inner part innermost. */
  readonly block: number;
}

/** By input name. */
export type Layouts = Readonly<Record<string, Layout>>;

export interface Engine {
  readonly name: EngineName;
  /** For example "cpu". */
  readonly device: string;
  /** Package and version. */
  readonly version: string;
  /** Creates state from initial values; the caller disposes it. */
  createState(shapes: Shapes, initial: Arrays): EngineState;
  /** Readies a program for runs on `state`, which must hold what the program reads; the caller disposes it. */
  compile(program: Program, state: EngineState): Promise<Executable>;
  dispose(): Promise<void>;
}

export const ENGINE_NAMES = ['onnxruntime', 'tensorflow', 'reference'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

/** What an engine is asked to compute on. `gpu` is a demand: an engine without one is refused. */
export const DEVICE_WISHES = ['auto', 'cpu', 'gpu'] as const;
export type DeviceWish = (typeof DEVICE_WISHES)[number];

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, axis) => dimension === b[axis]);
}
