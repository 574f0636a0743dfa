import { type Layout, type Shape, sameShape, sizeOf } from '../../engine.ts';
import type { Emitter } from '../emitter.ts';
import type { DType, Node, Value } from '../graph.ts';
import type { OnnxAttributes } from '../graph-builder.ts';
import { isRowMajor, physical, rowMajor } from '../layout.ts';
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

/** The one number a constant repeats, or undefined. */
function uniformOf(id: number, emit: Emitter): number | undefined {
  const data = emit.constantOf(id);
  if (!(data instanceof Float32Array) || data.length === 0) return undefined;
  return data.every((value) => Object.is(value, data[0])) ? data[0] : undefined;
}

/** Names of a broadcasting node's operands, and where its result will lie. */
interface Operands {
  readonly names: string[];
  readonly shape: Shape;
  readonly layout: Layout;
}

/** Operands of a broadcasting node, in shapes that broadcast to the place the result will have. */
function operands(node: Node, emit: Emitter): Operands {
  const output = emit.value(node.outputs[0]!).shape;
  const full = node.inputs.filter(
    (id) => sameShape(emit.value(id).shape, output) && uniformOf(id, emit) === undefined,
  );
  // The result lies as its largest operands do; one that was moved already is not moved back.
  const placed = full.filter((id) => !emit.isOpen(id));
  const lead = placed.find((id) => !isRowMajor(emit.place(id).layout)) ?? placed[0] ?? full[0];
  const { shape: place, layout } =
    lead === undefined ? { shape: output, layout: rowMajor(output.length) } : emit.place(lead);
  const names = node.inputs.map((id) => {
    const { shape } = emit.value(id);
    const uniform = uniformOf(id, emit);
    // A constant that repeats one number is a scalar, as long as another operand has the full shape.
    if (uniform !== undefined && lead !== undefined) return emit.float(uniform);
    if (sameShape(shape, output)) return emit.laid(id, layout, place);
    if (sizeOf(shape) === 1) return emit.as(id, []);
    // A vector over the last axis fits every place that keeps the last axis.
    const vector = sizeOf(shape) === output.at(-1) && shape.at(-1) === output.at(-1);
    const kept = place.at(-1) === output.at(-1) && layout.order.at(-1) === output.length - 1;
    return vector && kept ? emit.as(id, [output.at(-1)!]) : undefined;
  });
  if (names.every((name) => name !== undefined)) return { names: names as string[], shape: place, layout };
  const aligned = node.inputs.map((id) => {
    const { shape } = emit.value(id);
    if (uniformOf(id, emit) !== undefined && lead !== undefined) return emit.float(uniformOf(id, emit)!);
    if (sameShape(shape, output)) return emit.laid(id, layout);
    const padded = [...Array<number>(output.length - shape.length).fill(1), ...shape];
    return emit.arrange(emit.as(id, padded), padded, layout);
  });
  return { names: aligned, shape: physical(layout, output), layout };
}

function binary(type: string, dtype?: DType): Kernel {
  return {
    inputs: ['a', 'b'],
    infer: ([a, b]) => [{ shape: broadcast(a!.shape, b!.shape), dtype: dtype ?? a!.dtype }],
    lower: (node, emit) => {
      const { names, shape, layout } = operands(node, emit);
      emit.bind(node.outputs[0]!, emit.op(type, names), shape, layout);
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
      const { name, shape, layout } = emit.place(node.inputs[0]!);
      emit.bind(node.outputs[0]!, emitNodes(name, emit, node), shape, layout);
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
      const { names, shape, layout } = operands(node, emit);
      const difference = emit.op('Sub', names);
      emit.bind(node.outputs[0]!, emit.op('Mul', [difference, difference]), shape, layout);
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
      const { names, shape, layout } = operands(node, emit);
      emit.bind(node.outputs[0]!, emit.op('Where', names), shape, layout);
    },
  },
  Cast: {
    inputs: ['x'],
    infer: ([x]: readonly Value[], attributes) => [{ shape: x!.shape, dtype: attributes.dtype as DType }],
    lower: (node, emit) => {
      const { name, shape, layout } = emit.place(node.inputs[0]!);
      const to = ONNX_TYPES[emit.value(node.outputs[0]!).dtype];
      emit.bind(node.outputs[0]!, emit.op('Cast', [name], { to }), shape, layout);
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
      const { names, shape, layout } = operands(node, emit);
      const [y, dy] = names as [string, string];
      const steep = emit.op('Mul', [y, emit.float(1e30)]);
      const slope = emit.op('Clip', [steep, emit.float(Number(node.attributes.alpha)), emit.float(1)]);
      emit.bind(node.outputs[0]!, emit.op('Mul', [slope, dy]), shape, layout);
    },
  },
};

/** Kernels that compute every element from the elements in its place, with broadcasting where they take several. */
export const ELEMENTWISE_KERNELS: ReadonlySet<string> = new Set(
  Object.keys(ELEMENTWISE).filter((name) => name !== 'ZerosLike' && name !== 'OnesLike'),
);
