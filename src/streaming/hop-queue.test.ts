import { expect, test } from 'vitest';
import { HopQueue } from './hop-queue.ts';

test('first in, first out; undefined after the last', async () => {
  const queue = new HopQueue<number>(3);
  await queue.put(1);
  queue.putNewest(2);
  queue.end();
  expect([await queue.take(), await queue.take(), await queue.take()]).toEqual([1, 2, undefined]);
});

test('a newer item pushes the oldest out, and that is counted', async () => {
  const queue = new HopQueue<number>(2);
  expect([1, 2, 3, 4].map((item) => queue.putNewest(item))).toEqual([false, false, true, true]);
  expect(queue.skipped).toBe(2);
  expect([await queue.take(), await queue.take()]).toEqual([3, 4]);
});

test('put waits for room', async () => {
  const queue = new HopQueue<number>(1);
  await queue.put(1);
  const order: string[] = [];
  const second = queue.put(2).then(() => order.push('put'));
  await Promise.resolve();
  expect(order).toEqual([]);
  expect(await queue.take()).toBe(1);
  await second;
  expect(await queue.take()).toBe(2);
});

test('whoever waits to take is woken by an item, by the end and by a failure', async () => {
  const given = new HopQueue<number>(1);
  const item = given.take();
  given.putNewest(7);
  expect(await item).toBe(7);
  const last = given.take();
  given.end();
  expect(await last).toBeUndefined();
  const failing = new HopQueue<number>(1);
  const failed = expect(failing.take()).rejects.toThrow('gone');
  failing.fail(new Error('gone'));
  await failed;
});

test('a failure forgets what waits, frees who puts, and the first reason counts', async () => {
  const queue = new HopQueue<number>(1);
  await queue.put(1);
  const waiting = queue.put(2);
  queue.fail(new Error('first'));
  queue.fail(new Error('second'));
  await waiting;
  await queue.put(3);
  await expect(queue.take()).rejects.toThrow('first');
  expect(queue.failed).toBe(true);
});
