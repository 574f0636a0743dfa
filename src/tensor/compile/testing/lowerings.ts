import type { CompileOptions } from '../compile.ts';

/** Every way to compile a step. What is tested of one is tested of all. */
export const LOWERINGS: Readonly<Record<string, Partial<CompileOptions>>> = {
  blocked: { convolution: 'blocked', adam: 'kernel' },
  gathered: { convolution: 'gathered', adam: 'kernel' },
  'naive, Adam in the graph': { convolution: 'naive', adam: 'graph' },
};
