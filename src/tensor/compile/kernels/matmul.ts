import { type Shape, sizeOf } from '../../engine.ts';
import type { Attributes } from '../graph.ts';
import type { KernelTable } from './kernel.ts';

/** Shape of `[..., m, k] x [..., k, n]` after the turns; leading axes broadcast. */
function productShape(a: Shape, b: Shape, attributes: Attributes): number[] {
  const [rows, columns] = a.slice(-2) as [number, number];
  const [rowsB, columnsB] = b.slice(-2) as [number, number];
  const batchA = a.slice(0, -2);
  const batchB = b.slice(0, -2);
  const batch = sizeOf(batchA) >= sizeOf(batchB) ? batchA : batchB;
  return [...batch, attributes.transposeA ? columns : rows, attributes.transposeB ? rowsB : columnsB];
}

/** Fewer rows than this are worth exchanging the factors for. */
const FEW_ROWS = 64;

export const MATMUL: KernelTable = {
  BatchMatMul: {
    inputs: ['a', 'b'],
    infer: ([a, b], attributes) => [
      { shape: productShape(a!.shape, b!.shape, attributes), dtype: 'float32' },
    ],
    lower: (node, emit) => {
      const [a, b] = node.inputs as [number, number];
      const transA = node.attributes.transposeA === true;
      const transB = node.attributes.transposeB === true;
      const output = emit.value(node.outputs[0]!).shape;
      if (sizeOf(output.slice(0, -2)) === 1) {
        // One matrix each: Gemm turns for free; MatMul where nothing turns, which the runtime fuses with a bias.
        const matrix = (id: number): string => emit.as(id, emit.value(id).shape.slice(-2));
        const attributes = { transA: transA ? 1 : 0, transB: transB ? 1 : 0 };
        const [rows, columns] = output.slice(-2) as [number, number];
        if (!transA && transB && rows <= FEW_ROWS && columns > rows && output.length === 2) {
          // (B A^T)^T: the large matrix is read as it lies instead of being turned for a few rows.
          const turned = emit.op('Gemm', [matrix(b), matrix(a)], { transA: 0, transB: 1 });
          emit.bind(node.outputs[0]!, turned, [columns, rows], { order: [1, 0], block: 1 });
          return;
        }
        const inputs = [matrix(a), matrix(b)];
        const product = transA || transB ? emit.op('Gemm', inputs, attributes) : emit.op('MatMul', inputs);
        emit.bind(node.outputs[0]!, product, output.slice(-2));
        return;
      }
      const turned = (id: number, turn: boolean): string => {
        const { length } = emit.value(id).shape;
        const perm = Array.from({ length }, (_, axis) => axis);
        if (turn) [perm[length - 2], perm[length - 1]] = [length - 1, length - 2];
        return turn ? emit.op('Transpose', [emit.as(id)], { perm }) : emit.as(id);
      };
      emit.bind(node.outputs[0]!, emit.op('MatMul', [turned(a, transA), turned(b, transB)]));
    },
  },
};
