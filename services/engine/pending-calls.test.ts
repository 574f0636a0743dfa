import { expect, test } from 'vitest';
import { PendingCalls } from './pending-calls.ts';

test('a reply goes to its own request, whoever has its slot by then', async () => {
  const pending = new PendingCalls();
  const left = new AbortController();
  const first = pending.add<string>(left.signal, false);
  const gone = expect(first.reply).rejects.toThrow('left');
  left.abort(new Error('left'));
  await gone;
  const second = pending.add<string>(undefined, false);
  expect(second.id).not.toBe(first.id);
  // What the engine says to somebody who has left.
  pending.resolve(first.id, 'late');
  pending.resolve(second.id, 'mine');
  expect(await second.reply).toBe('mine');
});

test('all that wait are told when the engine went away, and nobody waits then', async () => {
  const pending = new PendingCalls();
  const replies = [1, 2, 3].map(() => pending.add<string>(undefined, true).reply);
  const settled = pending.settled();
  const told = Promise.allSettled(replies);
  pending.rejectAll(new Error('gone'));
  expect((await told).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  await settled;
  expect(pending.stalledMs).toBe(0);
});
