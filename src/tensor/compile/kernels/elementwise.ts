import { type Shape, sizeOf } from '../../engine.ts';
import type { Emitter, OnnxAttributes } from '../emitter.ts';
import type { DType, Node, Value } from '../graph.ts';
import type { Kernel, KernelTable } from './kernel.ts';

/** NumPy broadcasting of two shapes. */
function broadcast(a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1)
      throw new Error(`shapes [${a}] and [${b}] do not broadcast`);
    return left === 1 ? right : left;
  });
}

const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((d, i) => d === b[i]);

/** The one number a constant repeats, or undefined. */
function uniformOf(id: number, emit: Emitter): number | undefined {
  const data = emit.constantOf(id);
  if (!(data instanceof Float32Array) || data.length === 0) return undefined;
  return data.every((value) => Object.is(value, data[0])) ? data[0] : undefined;
}

/** Operands of a broadcasting node, in shapes that broadcast to the place the result will have. */
function operands(node: Node, emit: Emitter): { names: string[]; shape: Shape } {
  const output = emit.value(node.outputs[0]!).shape;
  const full = node.inputs.filter(
    (id) => sameShape(emit.value(id).shape, output) && uniformOf(id, emit) === undefined,
  );
  const lead = full[0];
  const place = lead === undefined ? output : emit.place(lead).shape;
  const names = node.inputs.map((id) => {
    const { shape } = emit.value(id);
    const uniform = uniformOf(id, emit);
    // A constant that repeats one number is a scalar, as long as another operand has the full shape.
    if (uniform !== undefined && lead !== undefined) return emit.float(uniform);
    if (sameShape(shape, output)) return emit.as(id, place);
    const trailing = shape.filter((dimension, axis) => !(dimension === 1 && axis < shape.length - 1));
    if (sizeOf(shape) === 1) return emit.as(id, []);
    // A vector over the last axis fits every place that keeps the last axis.
    if (trailing.length === 1 && trailing[0] === output.at(-1) && place.at(-1) === output.at(-1)) {
      return emit.as(id, [trailing[0]!]);
    }
    return undefined;
  });
  if (names.every((name) => name !== undefined)) return { names: names as string[], shape: place };
  return { names: node.inputs.map((id) => emit.as(id)), shape: output };
}

function binary(type: string, dtype?: DType): Kernel {
  return {
    inputs: ['a', 'b'],
    infer: ([a, b]) => [{ shape: broadcast(a!.shape, b!.shape), dtype: dtype ?? a!.dtype }],
    lower: (node, emit) => {
      const { names, shape } = operands(node, emit);
      emit.bind(node.outputs[0]!, emit.op(type, names), shape);
    },
  };
}

type Attrs = (node: Node) => OnnxAttributes;

function unary(type: string, attributes: Attrs = () => ({}), input = 'x'): Kernel {
  return composed((x, _emit, node) => _emit.op(type, [x], attributes(node)), input);
}

/** A kernel of one input, keeping its shape, emitted as several nodes. */
function composed(emitNodes: (x: string, emit: Emitter, node: Node) => string, input = 'x'): Kernel {
  return {
    inputs: [input],
    infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
    lower: (node, emit) => {
      const { name, shape } = emit.place(node.inputs[0]!);
      emit.bind(node.outputs[0]!, emitNodes(name, emit, node), shape);
    },
  };
}

const float = (node: Node, name: string): { float: number } => ({ float: Number(node.attributes[name]) });
const like = (value: number): Kernel => ({
  inputs: ['x'],
  infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  lower: (node, emit) => {
    const { shape } = emit.value(node.outputs[0]!);
    emit.bind(node.outputs[0]!, emit.floats(new Float32Array(sizeOf(shape)).fill(value), shape));
  },
});

const ONNX_TYPES: Readonly<Record<DType, number>> = { float32: 1, int32: 6, bool: 9 };

export const ELEMENTWISE: KernelTable = {
  Add: binary('Add'),
  Sub: binary('Sub'),
  Multiply: binary('Mul'),
  RealDiv: binary('Div'),
  Pow: binary('Pow'),
  Maximum: binary('Max'),
  Minimum: binary('Min'),
  Greater: binary('Greater', 'bool'),
  GreaterEqual: binary('GreaterOrEqual', 'bool'),
  Less: binary('Less', 'bool'),
  LessEqual: binary('LessOrEqual', 'bool'),
  Equal: binary('Equal', 'bool'),
  LogicalAnd: binary('And', 'bool'),
  LogicalNot: unary('Not'),
  SquaredDifference: {
    ...binary('Sub'),
    lower: (node, emit) => {
      const { names, shape } = operands(node, emit);
      const difference = emit.op('Sub', names);
      emit.bind(node.outputs[0]!, emit.op('Mul', [difference, difference]), shape);
    },
  },
  Abs: unary('Abs'),
  Exp: unary('Exp'),
  Log: unary('Log'),
  Neg: unary('Neg'),
  Sign: unary('Sign'),
  Sigmoid: unary('Sigmoid'),
  Softplus: unary('Softplus'),
  Sqrt: unary('Sqrt'),
  Tanh: unary('Tanh'),
  Relu: unary('Relu'),
  Reciprocal: unary('Reciprocal'),
  LeakyRelu: unary('LeakyRelu', (node) => ({ alpha: float(node, 'alpha') })),
  Rsqrt: composed((x, emit) => emit.op('Reciprocal', [emit.op('Sqrt', [x])])),
  Square: composed((x, emit) => emit.op('Mul', [x, x])),
  Step: composed((x, emit, node) => {
    const positive = emit.op('Greater', [x, emit.float(0)]);
    return emit.op('Where', [positive, emit.float(1), emit.float(Number(node.attributes.alpha ?? 0))]);
  }),
  ClipByValue: composed((x, emit, node) =>
    emit.op('Clip', [
      x,
      emit.float(Number(node.attributes.clipValueMin)),
      emit.float(Number(node.attributes.clipValueMax)),
    ]),
  ),
  ZerosLike: like(0),
  OnesLike: like(1),
  Select: {
    inputs: ['condition', 't', 'e'],
    infer: ([, t]) => [{ shape: t!.shape, dtype: t!.dtype }],
    lower: (node, emit) => {
      const { names, shape } = operands(node, emit);
      emit.bind(node.outputs[0]!, emit.op('Where', names), shape);
    },
  },
  Cast: {
    inputs: ['x'],
    infer: ([x]: readonly Value[], attributes) => [{ shape: x!.shape, dtype: attributes.dtype as DType }],
    lower: (node, emit) => {
      const { name, shape } = emit.place(node.inputs[0]!);
      const to = ONNX_TYPES[emit.value(node.outputs[0]!).dtype];
      emit.bind(node.outputs[0]!, emit.op('Cast', [name], { to }), shape);
    },
  },
  /**
   * The compiler's own: dy * (x > 0 ? 1 : alpha), with LeakyRelu's output in the place of x, which has its sign.
   * Clip(y * 1e30, alpha, 1) makes the derivative in two vectorised nodes.
   */
  LeakyReluGrad: {
    inputs: ['y', 'dy'],
    infer: ([y]) => [{ shape: y!.shape, dtype: y!.dtype }],
    lower: (node, emit) => {
      const y = emit.place(node.inputs[0]!);
      const steep = emit.op('Mul', [y.name, emit.float(1e30)]);
      const slope = emit.op('Clip', [steep, emit.float(Number(node.attributes.alpha)), emit.float(1)]);
      emit.bind(node.outputs[0]!, emit.op('Mul', [slope, emit.as(node.inputs[1]!, y.shape)]), y.shape);
    },
  },
};
