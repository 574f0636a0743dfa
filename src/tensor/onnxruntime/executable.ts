import * as ort from 'onnxruntime-node';
import type { LoweredGraph } from '../compile/lower.ts';
import type { Arrays, Executable, PendingOutputs, Program } from '../engine.ts';
import { sizeOf } from '../engine.ts';
import type { OnnxruntimeState } from './state.ts';

/**
 * A compiled program bound to a state. State and gradients are tensors over the state's own memory, made once; a run
 * copies nothing but its inputs' references.
 */
export class OnnxruntimeExecutable implements Executable {
  readonly layouts: Executable['layouts'];
  readonly heldBytes: number;
  readonly #program: Program;
  readonly #graph: LoweredGraph;
  readonly #session: ort.InferenceSession;
  readonly #state: OnnxruntimeState;
  readonly #feeds: Record<string, ort.Tensor> = {};
  readonly #fetches: Record<string, ort.Tensor | null> = {};

  constructor(program: Program, graph: LoweredGraph, session: ort.InferenceSession, state: OnnxruntimeState) {
    this.layouts = graph.layouts;
    this.heldBytes = graph.model.length;
    this.#program = program;
    this.#graph = graph;
    this.#session = session;
    this.#state = state;
    for (const { port, name, offset, dims } of graph.state) {
      this.#feeds[port] = new ort.Tensor('float32', state.view(name, offset, sizeOf(dims)), dims);
    }
    for (const { port } of [...graph.outputs, ...graph.newState]) this.#fetches[port] = null;
    for (const { gradient } of graph.updates) {
      for (const { port, offset, dims } of gradient) {
        this.#fetches[port] = new ort.Tensor('float32', state.gradient(offset, sizeOf(dims)), dims);
      }
    }
  }

  async run(inputs: Arrays): Promise<Arrays> {
    for (const { name, port, dims } of this.#graph.inputs)
      this.#feeds[port] = new ort.Tensor('float32', this.#given(inputs, name), dims);
    const rates = this.#graph.updates.map(({ rate }) => this.#given(inputs, rate)[0]!);
    const results = await this.#session.run(this.#feeds, this.#fetches);
    const valuesOf = (port: string): Float32Array => results[port]!.data as Float32Array;
    for (const { name, port } of this.#graph.newState) this.#state.write({ [name]: valuesOf(port) });
    for (const [i, update] of this.#graph.updates.entries())
      this.#state.update(update, update.settings, rates[i]!);
    return Object.fromEntries(this.#graph.outputs.map(({ name, port }) => [name, valuesOf(port)]));
  }

  #given(inputs: Arrays, name: string): Float32Array {
    const values = inputs[name];
    const shape = this.#program.inputs[name]!;
    if (values?.length === sizeOf(shape)) return values;
    const found = values ? `${values.length} values` : 'no values';
    throw new RangeError(`${this.#program.name}: input ${name} has ${found}, not [${shape}]`);
  }

  async submit(inputs: Arrays): Promise<PendingOutputs> {
    const outputs = await this.run(inputs);
    return { read: async () => outputs };
  }

  dispose(): Promise<void> {
    return this.#session.release();
  }
}
