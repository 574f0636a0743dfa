import { expect, test } from 'vitest';
import { gradientNorms } from './gradient-norms.ts';

test('a constant gradient has its own norm after any number of updates; untrained networks have none', () => {
  const gradient = [3, 4];
  for (const updates of [1, 7, 5000]) {
    const moment2 = Float32Array.from(gradient, (g) => g * g * (1 - 0.999 ** updates));
    const norms = gradientNorms(
      { 'generator/moment2': moment2 },
      { generator: updates, discriminator: 0, classifier: 0 },
    );
    expect(Object.keys(norms)).toEqual(['generator']);
    expect(norms.generator).toBeCloseTo(5, 4);
  }
});
