import { expect, test, vi } from 'vitest';
import { PendingCalls } from './pending-calls.ts';

test('a reply goes to its own request, whoever has its slot by then', async () => {
  const pending = new PendingCalls();
  const left = new AbortController();
  const first = pending.add<string>(left.signal);
  const gone = expect(first.reply).rejects.toThrow('left');
  left.abort(new Error('left'));
  await gone;
  const second = pending.add<string>();
  expect(second.id).not.toBe(first.id);
  // What the engine says to somebody who has left.
  pending.resolve(first.id, 'late');
  pending.resolve(second.id, 'mine');
  expect(await second.reply).toBe('mine');
});

test('all that wait are told when the engine went away, and nobody waits then', async () => {
  const pending = new PendingCalls();
  const replies = [1, 2, 3].map(() => pending.add<string>(undefined, 0).reply);
  const settled = pending.settled();
  const told = Promise.allSettled(replies);
  pending.rejectAll(new Error('gone'));
  expect((await told).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  await settled;
  expect(pending.stalledMs).toBe(0);
});

test('an instance that says nothing is noticed beside one that answers', async () => {
  vi.useFakeTimers();
  try {
    const pending = new PendingCalls();
    pending.add<string>(undefined, 1).reply.catch(() => {});
    for (let i = 0; i < 10; i++) {
      const { id, reply } = pending.add<string>(undefined, 0);
      await vi.advanceTimersByTimeAsync(100);
      pending.resolve(id, 'done');
      await reply;
    }
    expect(pending.stalledMs).toBe(1000);
    pending.rejectAll(new Error('gone'));
    expect(pending.stalledMs).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
