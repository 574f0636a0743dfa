/**
 * One definition, several engines. A `Program` is a pure function of tensors, written in the ops of `ops.ts`; an
 * engine runs it eagerly (`reference`) or traces it once and compiles it (`onnxruntime`). State lives in the engine
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
  /** Inputs that the caller can make in any order of axes: the engine says which it likes in `Executable.orders`. */
  readonly arrangeable?: readonly string[];
  /** The state tensors that it reads; `run` may return new values for any of them. */
  readonly state: Shapes;
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
  readonly orders: AxisOrders;
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

/**
 * Axes of an array by input name, outermost in memory first: `[1, 2, 0, 3]` says that an input of shape
 * `[batch, height, width, channels]` is fed as `[height, width, batch, channels]`.
 */
export type AxisOrders = Readonly<Record<string, readonly number[]>>;

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

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, axis) => dimension === b[axis]);
}
