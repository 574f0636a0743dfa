import { expect, test } from 'vitest';
import { Closer } from './closing.ts';

test('closes last in first out, once, and goes on past a failing step', async () => {
  const order: string[] = [];
  const failures: string[] = [];
  const closer = new Closer((name) => failures.push(name));
  closer.defer('first', () => void order.push('first'));
  closer.defer('second', () => {
    order.push('second');
    throw new Error('broken');
  });
  closer.defer('third', async () => void order.push('third'));
  await Promise.all([closer.close(), closer.close()]);
  await closer.close();
  expect(order).toEqual(['third', 'second', 'first']);
  expect(failures).toEqual(['second']);
  expect(() => closer.defer('late', () => {})).toThrow('closing has begun');
});
