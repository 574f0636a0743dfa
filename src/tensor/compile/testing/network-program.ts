/** A drawn network as a training step, in the form of those in `src/training/steps`. */
import * as tf from '@tensorflow/tfjs';
import { fillDropoutMask, fillNormal, fillUniform, randomKey } from '../../../random.ts';
import { adamUpdate } from '../../adam-update.ts';
import {
  type Arrays,
  type Layout,
  type Layouts,
  type Program,
  type Shape,
  type Shapes,
  sizeOf,
} from '../../engine.ts';
import { valueAndGradients } from '../../gradients.ts';
import { hasShortcut, type LayerSpec, type NetworkSpec, sizeAfter } from './random-network.ts';

export const SETTINGS = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };

export interface Parameter {
  readonly name: string;
  readonly shape: Shape;
}

/** Shapes of parameters and masks, in the order in which the network uses them. */
interface NetworkLayout {
  readonly parameters: readonly Parameter[];
  readonly masks: readonly Parameter[];
  /** `[height, width, outputs]` of every layer. */
  readonly shapes: readonly (readonly [number, number, number])[];
}

export function layoutOf(network: NetworkSpec): NetworkLayout {
  const parameters: Parameter[] = [];
  const masks: Parameter[] = [];
  const shapes: [number, number, number][] = [];
  let [height, width, channels] = [network.height, network.width, network.channels];
  for (const [i, layer] of network.layers.entries()) {
    const ends = layer.kind === 'convolution' ? [channels, layer.outputs] : [layer.outputs, channels];
    parameters.push({ name: `kernel${i}`, shape: [...layer.kernel, ...ends] });
    if (hasShortcut(layer)) parameters.push({ name: `shortcut${i}`, shape: [1, 1, ...ends] });
    if (layer.bias) parameters.push({ name: `bias${i}`, shape: [layer.outputs] });
    [height, width, channels] = [sizeAfter(layer, height, 0)!, sizeAfter(layer, width, 1)!, layer.outputs];
    if (layer.mask) masks.push({ name: `mask${i}`, shape: [network.batch, height, width, channels] });
    shapes.push([height, width, channels]);
  }
  const features = network.pooling === 'mean' ? channels : height * width * channels;
  parameters.push({ name: 'dense', shape: [features, network.classes] });
  parameters.push({ name: 'denseBias', shape: [network.classes] });
  return { parameters, masks, shapes };
}

function activate(x: tf.Tensor, activation: LayerSpec['activation']): tf.Tensor {
  if (activation === 'leaky') return tf.leakyRelu(x, 0.2);
  // A slope above 1 is one that the compiler may not treat as it treats others.
  if (activation === 'steep') return tf.leakyRelu(x, 1.5);
  if (activation === 'forked') return tf.add(tf.leakyRelu(x, 0.1), tf.mul(x, 0.5));
  if (activation === 'relu') return tf.relu(x);
  return activation === 'tanh' ? tf.tanh(x) : x;
}

type Named = Readonly<Record<string, tf.Tensor>>;

function logitsOf(
  network: NetworkSpec,
  layout: NetworkLayout,
  weights: Named,
  x: tf.Tensor,
  masks: Named,
): tf.Tensor {
  let at = x;
  for (const [i, layer] of network.layers.entries()) {
    const kernel = weights[`kernel${i}`] as tf.Tensor4D;
    const strides: [number, number] = [...layer.strides];
    const sum =
      layer.kind === 'convolution'
        ? tf.conv2d(at as tf.Tensor4D, kernel, strides, layer.pad)
        : tf.conv2dTranspose(
            at as tf.Tensor4D,
            kernel,
            [network.batch, ...layout.shapes[i]!],
            strides,
            layer.pad,
          );
    const bias = weights[`bias${i}`];
    const biased = bias ? tf.add(sum, bias) : sum;
    const shortcut = weights[`shortcut${i}`] as tf.Tensor4D | undefined;
    const summed = shortcut
      ? tf.add(biased, tf.conv2d(at as tf.Tensor4D, shortcut, strides, 'same'))
      : biased;
    const active = activate(summed, layer.activation);
    at = layer.mask ? tf.mul(active, masks[`mask${i}`]!) : active;
  }
  const features = network.pooling === 'mean' ? tf.mean(at, [1, 2]) : tf.reshape(at, [network.batch, -1]);
  return tf.add(tf.matMul(features as tf.Tensor2D, weights.dense as tf.Tensor2D), weights.denseBias!);
}

function lossOf({ loss }: NetworkSpec, logits: tf.Tensor, targets: tf.Tensor): tf.Tensor {
  if (loss === 'softmax') return tf.mean(tf.neg(tf.sum(tf.mul(targets, tf.logSoftmax(logits)), -1)));
  if (loss === 'softplus') return tf.mean(tf.sub(tf.softplus(logits), tf.mul(logits, targets)));
  return tf.sum(tf.square(tf.sub(logits, targets)));
}

/** The loss alone, for finite differences. Reads what the step reads. */
export function lossOnly(network: NetworkSpec): Program {
  const step = stepOf(network);
  return {
    ...step,
    run: (fed, state) => ({ outputs: { loss: forward(network, fed, state.weights!).loss } }),
  };
}

interface Forward {
  readonly loss: tf.Tensor;
  readonly logits: tf.Tensor;
}

/** From the whole batch `x` and parameters in their shapes. */
function passed(network: NetworkSpec, tensors: readonly tf.Tensor[], x: tf.Tensor, fed: Named): Forward {
  const layout = layoutOf(network);
  const named = Object.fromEntries(layout.parameters.map(({ name }, i) => [name, tensors[i]!]));
  const input = network.turned ? tf.transpose(x, [0, 2, 3, 1]) : x;
  const logits = logitsOf(network, layout, named, input, fed);
  return { loss: lossOf(network, logits, fed.targets!), logits };
}

function cut(network: NetworkSpec, weights: tf.Tensor): tf.Tensor[] {
  const { parameters } = layoutOf(network);
  const pieces = tf.split(
    weights as tf.Tensor1D,
    parameters.map(({ shape }) => sizeOf(shape)),
  );
  return pieces.map((piece, i) => tf.reshape(piece, [...parameters[i]!.shape]));
}

const whole = (fed: Named): tf.Tensor => (fed.more ? tf.concat([fed.x!, fed.more], 0) : fed.x!);

const forward = (network: NetworkSpec, fed: Named, weights: tf.Tensor): Forward =>
  passed(network, cut(network, weights), whole(fed), fed);

/** The step: loss, logits, with `exposed` every gradient, and the state after one update of Adam. */
export function stepOf(network: NetworkSpec): Program {
  const layout = layoutOf(network);
  const size = layout.parameters.reduce((total, { shape }) => total + sizeOf(shape), 0);
  const { batch, height, width, channels, joined, turned, exposed } = network;
  const rows = (count: number): Shape => [
    count,
    ...(turned ? [channels, height, width] : [height, width, channels]),
  ];
  const inputs: Shapes = {
    x: rows(batch - joined),
    ...(joined > 0 ? { more: rows(joined) } : {}),
    targets: [batch, network.classes],
    rate: [],
    ...Object.fromEntries(layout.masks.map(({ name, shape }) => [name, shape])),
  };
  return {
    name: 'random-network',
    inputs,
    arrangeable: layout.masks.map(({ name }) => name),
    state: { weights: [size], moment1: [size], moment2: [size] },
    run: (fed, { weights, moment1, moment2 }) => {
      const parameters = cut(network, weights!);
      const batched = whole(fed);
      const differentiated = exposed ? [...parameters, batched] : parameters;
      const { loss, aux, gradients } = valueAndGradients(differentiated, (tensors) => {
        const result = passed(network, tensors, exposed ? tensors.at(-1)! : batched, fed);
        return { loss: result.loss, aux: { logits: result.logits } };
      });
      const ofWeights = gradients.slice(0, parameters.length);
      const gradient = tf.concat(ofWeights.map((part) => tf.reshape(part, [-1])));
      const before = { weights: weights!, moment1: moment1!, moment2: moment2! };
      const names = [...layout.parameters.map(({ name }) => name), 'x'];
      const shown = exposed ? Object.fromEntries(gradients.map((part, i) => [`d ${names[i]}`, part])) : {};
      return {
        outputs: { loss, ...aux, ...shown },
        state: { ...adamUpdate(SETTINGS, before, gradient, fed.rate!) },
      };
    },
  };
}

/** Inputs of one step. Masks are laid out as the engine asks, and hold the same numbers however they lie. */
export function feedOf(program: Program, seed: number, layouts: Layouts): Arrays {
  return Object.fromEntries(
    Object.entries(program.inputs).map(([name, shape]) => {
      const key = randomKey(seed, name);
      const data = new Float32Array(sizeOf(shape));
      if (name === 'rate') return [name, data.fill(1e-3)];
      if (name === 'targets') return [name, fillUniform(key, data)];
      if (name.startsWith('mask'))
        return [name, arranged(fillDropoutMask(key, data, 0.3), shape, layouts[name])];
      return [name, fillNormal(key, data)];
    }),
  );
}

/** Element by element, from the definition of a layout. */
export function arranged(values: Float32Array, shape: Shape, layout: Layout | undefined): Float32Array {
  if (!layout) return values;
  const out = new Float32Array(values.length);
  const last = shape.length - 1;
  const dimensions = layout.order.map((axis) => (axis === last ? shape[axis]! / layout.block : shape[axis]!));
  values.forEach((value, flat) => {
    let rest = flat;
    const index = shape.map(() => 0);
    for (let axis = last; axis >= 0; axis--) {
      index[axis] = rest % shape[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    const outer = layout.order.reduce((at, axis, i) => {
      const here = axis === last ? Math.floor(index[axis]! / layout.block) : index[axis]!;
      return at * dimensions[i]! + here;
    }, 0);
    out[outer * layout.block + (index[last]! % layout.block)] = value;
  });
  return out;
}

/**
 * Weights that keep activations near 1. The first moment is 0, so after one update it is the gradient times (1 - beta1);
 * the second is near 1, as if in the middle of training: from 0, the first update would be the gradient's sign, and one
 * that is 0 but for rounding would move a weight by a whole step.
 */
export function initialState(network: NetworkSpec, seed: number): Arrays {
  const parts = layoutOf(network).parameters.map(({ name, shape }) => {
    const values = fillNormal(randomKey(seed, `initial ${name}`), new Float32Array(sizeOf(shape)));
    const fan = shape.length === 1 ? 4 : sizeOf(shape) / Math.min(shape.at(-1)!, shape.at(-2)!);
    return values.map((value) => value / Math.sqrt(fan));
  });
  const weights = Float32Array.from(parts.flatMap((part) => [...part]));
  const moment2 = fillUniform(randomKey(seed, 'moment2'), new Float32Array(weights.length));
  const moment1 = new Float32Array(weights.length);
  return { weights, moment1, moment2: moment2.map((value) => value + 0.5) };
}
