import type { KernelTable } from './kernel.ts';

export const OPTIMISER: KernelTable = {
  /** The project's own (`adam-update.ts`), as elementwise nodes of the graph. */
  AdamUpdate: {
    inputs: ['weights', 'moment1', 'moment2', 'gradient', 'rate'],
    list: true,
    infer: ([weights]) => [weights!, weights!, weights!],
    lower: (node, emit) => {
      const [weights, moment1, moment2, gradient, rate] = node.inputs.map((id) => emit.as(id)) as [
        string,
        string,
        string,
        string,
        string,
      ];
      const { beta1, beta2, epsilon } = node.attributes as Record<string, number>;
      const scaled = (x: string, factor: number): string => emit.op('Mul', [x, emit.float(factor)]);
      const first = emit.op('Add', [scaled(moment1, beta1!), scaled(gradient, 1 - beta1!)]);
      const square = emit.op('Mul', [gradient, gradient]);
      const second = emit.op('Add', [scaled(moment2, beta2!), scaled(square, 1 - beta2!)]);
      const root = emit.op('Add', [emit.op('Sqrt', [second]), emit.float(epsilon!)]);
      const change = emit.op('Div', [emit.op('Mul', [first, rate]), root]);
      const updated = emit.op('Sub', [weights, change]);
      for (const [i, name] of [updated, first, second].entries()) emit.bind(node.outputs[i]!, name);
    },
  },
};
