import * as tf from '@tensorflow/tfjs';
import { VigilError } from '../../errors.ts';
import type { Program } from '../engine.ts';
import type { Attributes, DType, Graph, Node, Port, Value } from './graph.ts';
import { KERNELS, type Kernel } from './kernels/table.ts';

const BACKEND = 'vigil-trace';

/** The values, nodes and constants of the trace under way. */
class Recorder {
  readonly values = new Map<number, Value>();
  readonly nodes: Node[] = [];
  readonly constants = new Map<number, Float32Array | Int32Array | Uint8Array>();
  readonly #ids = new WeakMap<object, number>();

  /** A fresh value and the TensorInfo that stands for it while tracing. */
  value(shape: readonly number[], dtype: DType): tf.TensorInfo {
    const id = this.values.size;
    const dataId = {};
    this.#ids.set(dataId, id);
    this.values.set(id, { id, shape: [...shape], dtype });
    return { dataId, shape: [...shape], dtype };
  }

  idOf(tensor: tf.TensorInfo): number {
    const id = this.#ids.get(tensor.dataId);
    if (id === undefined) throw new Error('a traced step used a tensor that was made outside the trace');
    return id;
  }

  record(
    name: string,
    kernel: Kernel,
    inputs: readonly tf.TensorInfo[],
    attributes: Attributes,
  ): tf.TensorInfo[] {
    const ids = inputs.map((input) => this.idOf(input));
    const shapes = ids.map((id) => this.values.get(id)!);
    const results = kernel.infer(shapes, attributes).map(({ shape, dtype }) => this.value(shape, dtype));
    this.nodes.push({
      kernel: name,
      inputs: ids,
      outputs: results.map((result) => this.idOf(result)),
      attributes,
    });
    return results;
  }
}

let active: Recorder | undefined;

function recorder(): Recorder {
  if (!active) throw new Error('the tracing backend was used outside a trace');
  return active;
}

/** A TensorFlow.js backend that computes nothing: it writes down what is asked of it. */
class TraceBackend extends tf.KernelBackend {
  override write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): object {
    const info = recorder().value(shape, asDType(dtype));
    const data = dtype === 'float32' ? Float32Array.from(values as Float32Array) : values;
    recorder().constants.set(recorder().idOf(info), data as Float32Array);
    return info.dataId;
  }
  override read(): Promise<never> {
    throw new Error('a traced step may not look at values');
  }
  override readSync(): never {
    throw new Error('a traced step may not look at values');
  }
  override numDataIds(): number {
    return active?.values.size ?? 0;
  }
  override disposeData(): boolean {
    return true;
  }
  override refCount(): number {
    return 1;
  }
  override incRef(): void {}
  decRef(): void {}
  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }
  override floatPrecision(): 16 | 32 {
    return 32;
  }
  override epsilon(): number {
    return 1e-7;
  }
  override dispose(): void {}
}

function asDType(dtype: string): DType {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw new Error(`a traced step made a ${dtype} tensor; allowed: float32, int32, bool`);
}

/** Inputs of a kernel in the order of its declaration; kernels with any number of inputs use numeric keys. */
function orderedInputs(names: readonly string[] | 'list', inputs: tf.NamedTensorInfoMap): tf.TensorInfo[] {
  if (names === 'list') {
    const keys = Object.keys(inputs).sort((a, b) => Number(a) - Number(b));
    return keys.map((key) => inputs[key]!);
  }
  return names.map((name) => inputs[name]).filter((input) => input !== undefined);
}

function registerTraceBackend(): void {
  if (tf.findBackendFactory(BACKEND)) return;
  tf.registerBackend(BACKEND, () => new TraceBackend(), -1);
  // Every kernel that TensorFlow.js knows is registered, so that one without a lowering is an error that names it.
  const known = new Set(tf.getKernelsForBackend('cpu').map((config) => config.kernelName));
  for (const name of new Set([...known, ...Object.keys(KERNELS)])) {
    const kernel = KERNELS[name];
    tf.registerKernel({
      kernelName: name,
      backendName: BACKEND,
      kernelFunc: ({ inputs, attrs }) => {
        if (!kernel) {
          throw new VigilError('KERNEL_UNSUPPORTED', `kernel ${name} has no lowering to ONNX`, {
            metadata: { kernel: name },
          });
        }
        const results = recorder().record(name, kernel, orderedInputs(kernel.inputs, inputs), attrs ?? {});
        return results.length === 1 && !kernel.list ? results[0]! : results;
      },
    });
  }
}

/**
 * Runs the program once on placeholders and returns what it did, gradients included. Synchronous between switching
 * the TensorFlow.js backend and switching back, so nothing else runs in between.
 * Errors: KERNEL_UNSUPPORTED for a kernel without a lowering.
 */
export function trace(program: Program): Graph {
  registerTraceBackend();
  if (active) throw new Error('traces cannot be nested');
  const previous = tf.getBackend();
  void tf.setBackend(BACKEND);
  const record = new Recorder();
  active = record;
  const engine = tf.engine();
  engine.startScope(program.name);
  try {
    const placeholders = (
      shapes: Program['inputs'],
    ): { tensors: Record<string, tf.Tensor>; ports: Port[] } => {
      const tensors: Record<string, tf.Tensor> = {};
      const ports: Port[] = [];
      for (const [name, shape] of Object.entries(shapes)) {
        const info = record.value(shape, 'float32');
        tensors[name] = engine.makeTensorFromTensorInfo(info, engine.backend);
        ports.push({ name, value: record.idOf(info) });
      }
      return { tensors, ports };
    };
    const inputs = placeholders(program.inputs);
    const state = placeholders(program.state);
    const result = program.run(inputs.tensors, state.tensors);
    const ports = (tensors: Readonly<Record<string, tf.Tensor>>): Port[] =>
      Object.entries(tensors).map(([name, tensor]) => ({ name, value: record.idOf(tensor) }));
    return {
      name: program.name,
      values: record.values,
      nodes: record.nodes,
      constants: record.constants,
      inputs: inputs.ports,
      state: state.ports,
      outputs: ports(result.outputs),
      newState: ports(result.state ?? {}),
      views: [],
      updates: [],
    };
  } finally {
    engine.endScope();
    active = undefined;
    if (previous) void tf.setBackend(previous);
  }
}
