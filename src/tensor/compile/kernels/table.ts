import { CONVOLUTION } from './convolution.ts';
import { ELEMENTWISE } from './elementwise.ts';
import type { Kernel } from './kernel.ts';
import { MATMUL } from './matmul.ts';
import { OPTIMISER } from './optimiser.ts';
import { REDUCE } from './reduce.ts';
import { SHAPE } from './shape.ts';

export type { Kernel } from './kernel.ts';

/** Every kernel that the compiler can lower, by its TensorFlow.js name. */
export const KERNELS: Readonly<Record<string, Kernel | undefined>> = {
  ...ELEMENTWISE,
  ...SHAPE,
  ...REDUCE,
  ...MATMUL,
  ...CONVOLUTION,
  ...OPTIMISER,
};
