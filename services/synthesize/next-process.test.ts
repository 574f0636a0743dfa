import { expect, test, vi } from 'vitest';
import { VigilError } from '../../src/errors.ts';
import { againInNextProcess } from './next-process.ts';

const gone = new VigilError('ENGINE_UNAVAILABLE', 'the engine went away');

test('a call whose process went away runs once more, after the next one is ready', async () => {
  const order: string[] = [];
  const call = vi.fn(async () => {
    order.push('call');
    if (order.length === 1) throw gone;
    return 'rows';
  });
  const ready = async (): Promise<void> => void order.push('ready');
  expect(await againInNextProcess(call, ready)).toBe('rows');
  expect(order).toEqual(['call', 'ready', 'call']);
});

test('what a second process does not stand fails, and so does any other error at once', async () => {
  const ready = vi.fn(async () => {});
  const deadly = vi.fn(async () => {
    throw gone;
  });
  await expect(againInNextProcess(deadly, ready)).rejects.toBe(gone);
  expect([deadly.mock.calls.length, ready.mock.calls.length]).toEqual([2, 1]);
  const wrong = new VigilError('MODEL_INCOMPATIBLE', 'no generator');
  await expect(againInNextProcess(async () => Promise.reject(wrong), ready)).rejects.toBe(wrong);
  expect(ready).toHaveBeenCalledTimes(1);
});

test('no next process is what the caller hears', async () => {
  const away = new VigilError('ENGINE_UNAVAILABLE', 'the engine has been away for 5000 ms');
  const call = async (): Promise<never> => Promise.reject(gone);
  await expect(againInNextProcess(call, async () => Promise.reject(away))).rejects.toBe(away);
});
