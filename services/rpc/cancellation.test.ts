import { expect, test } from 'vitest';
import { Cancellation, LiveCalls } from './cancellation.ts';

test('everybody who listens hears of the end once, with the first reason', () => {
  const call = new Cancellation();
  const heard: string[] = [];
  const listener = (name: string) => () => {
    heard.push(name);
  };
  const [first, second, left] = [listener('first'), listener('second'), listener('left')];
  for (const each of [first, left, second]) call.addEventListener('abort', each);
  call.removeEventListener('abort', left);
  const { signal } = call;
  call.abort('deadline');
  call.abort('cancelled');
  expect(heard).toEqual(['first', 'second']);
  expect([call.aborted, call.reason, signal.aborted, signal.reason]).toEqual([
    true,
    'deadline',
    true,
    'deadline',
  ]);
  expect(() => call.throwIfAborted()).toThrow('deadline');
  expect(new Cancellation().aborted).toBe(false);
});

test('a signal that is asked for after the end says so', () => {
  const call = new Cancellation();
  call.abort('gone');
  expect([call.signal.aborted, call.signal.reason]).toEqual([true, 'gone']);
});

test('a forced stop ends the calls that are under way, and no other', () => {
  const live = new LiveCalls();
  const calls = Array.from({ length: 5 }, () => new Cancellation());
  for (const call of calls) live.add(call);
  for (const at of [0, 4, 2]) live.remove(calls[at]!);
  live.abort('stop');
  expect(calls.map(({ aborted }) => aborted)).toEqual([false, true, false, true, false]);
});
