import * as tf from '@tensorflow/tfjs';
import { cpuBackend } from '../../cpu-backend.ts';
import { sameShape, sizeOf } from '../../engine.ts';
import type { DType, Graph, Node, Value } from '../graph.ts';
import { KERNELS } from '../kernels/table.ts';

type Data = Float32Array | Int32Array | Uint8Array;

/** Most elements of a value that is computed here: constants are stored with the graph, so large ones are not made. */
const MOST_ELEMENTS = 4096;

/**
 * Nodes whose inputs are all constants become constants: casts of scalars, arithmetic on settings, fills. A fill of more
 * than `MOST_ELEMENTS` becomes one number that is broadcast, which the passes after this one push into what reads it.
 */
export function foldConstants(graph: Graph): Graph {
  const constants = new Map(graph.constants);
  const values = new Map(graph.values);
  const constant = (shape: readonly number[], dtype: DType, data: Data): number => {
    const id = values.size;
    values.set(id, { id, shape, dtype });
    constants.set(id, data);
    return id;
  };
  const nodes = graph.nodes.flatMap((node): Node[] => {
    const outputs = node.outputs.map((id) => values.get(id)!);
    const repeated = repeatedNumber(node);
    const small = outputs.every(({ shape }) => sizeOf(shape) <= MOST_ELEMENTS);
    if (repeated !== undefined) {
      const { id, shape, dtype } = outputs[0]!;
      if (small) {
        constants.set(id, arrayOf(dtype, sizeOf(shape)).fill(repeated));
        return [];
      }
      const number = constant([], dtype, arrayOf(dtype, 1).fill(repeated));
      return [{ kernel: 'BroadcastTo', inputs: [number], outputs: [id], attributes: { shape } }];
    }
    const inputs = node.inputs.map((id) => ({ ...values.get(id)!, data: constants.get(id) }));
    const known = inputs.filter((input): input is Known => input.data !== undefined);
    if (!small || known.length < inputs.length) return [node];
    const results = evaluate(node, known, outputs);
    if (!results) return [node];
    for (const [i, { id }] of outputs.entries()) constants.set(id, results[i]!);
    return [];
  });
  return { ...graph, values, constants, nodes };
}

/** The number that fills the node's output, whatever its input holds. */
function repeatedNumber({ kernel, attributes }: Node): number | undefined {
  if (kernel === 'ZerosLike') return 0;
  if (kernel === 'OnesLike') return 1;
  return kernel === 'Fill' ? Number(attributes.value) : undefined;
}

function arrayOf(dtype: DType, length: number): Data {
  if (dtype === 'float32') return new Float32Array(length);
  return dtype === 'int32' ? new Int32Array(length) : new Uint8Array(length);
}

interface Known extends Value {
  readonly data: Data;
}

/** The node's results by the `cpu` backend of TensorFlow.js; undefined for a kernel that only this compiler knows. */
function evaluate(node: Node, inputs: readonly Known[], wanted: readonly Value[]): Data[] | undefined {
  const kernel = tf.getKernel(node.kernel, 'cpu');
  const names = KERNELS[node.kernel]?.inputs;
  if (!kernel || !names) return undefined;
  const backend = cpuBackend();
  const infos = inputs.map(({ data, shape, dtype }): tf.TensorInfo => {
    const own = [...shape];
    return { dataId: backend.write(data, own, dtype), shape: own, dtype };
  });
  // Kernels with any number of inputs take an array: numeric keys, as TensorFlow.js types it.
  const named = names === 'list' ? infos : Object.fromEntries(infos.map((info, i) => [names[i], info]));
  const found = kernel.kernelFunc({
    inputs: named as tf.NamedTensorInfoMap,
    backend,
    attrs: node.attributes as tf.NamedAttrMap,
  });
  const results = Array.isArray(found) ? found : [found];
  // A cast that loses nothing leaves the array of the type before: it is copied into one of its own type.
  const data = results.map(({ dataId }, i) => {
    const found = backend.readSync(dataId) as Data;
    const own = arrayOf(wanted[i]!.dtype, found.length);
    own.set(found);
    return own;
  });
  for (const { dataId } of [...results, ...infos]) backend.disposeData(dataId);
  const asInferred = results.every(
    ({ shape, dtype }, i) => dtype === wanted[i]!.dtype && sameShape(shape, wanted[i]!.shape),
  );
  return asInferred ? data : undefined;
}
