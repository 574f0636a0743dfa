import { expect, test } from 'vitest';
import { PATIENCE, type Priority, Scheduler } from './scheduler.ts';

/** A scheduler with a piece of work that runs until it is told to end, so that what follows queues up. */
async function busy(): Promise<{
  scheduler: Scheduler;
  order: string[];
  add(priority: Priority, name?: string): Promise<void>;
  begin(): void;
}> {
  const scheduler = new Scheduler();
  const order: string[] = [];
  let begin = (): void => {};
  const gate = new Promise<void>((resolve) => {
    begin = resolve;
  });
  void scheduler.run('classify', () => gate);
  return {
    scheduler,
    order,
    begin,
    add: (priority, name = priority) => scheduler.run(priority, async () => void order.push(name)),
  };
}

test('the most urgent goes first, in order within a class', async () => {
  const { add, begin, order } = await busy();
  const done = [
    add('train'),
    add('load'),
    add('synthesize', 's1'),
    add('classify', 'c1'),
    add('synthesize', 's2'),
    add('classify', 'c2'),
  ];
  begin();
  await Promise.all(done);
  expect(order).toEqual(['c1', 'c2', 's1', 's2', 'load', 'train']);
});

test('under endless Classify every class gets its turns, as often as is stated', async () => {
  const { scheduler, add, begin, order } = await busy();
  let left = 2000;
  // Another Classify is there before the one that runs ends: the class is never empty.
  const classify = (): Promise<void> =>
    scheduler.run('classify', async () => {
      order.push('classify');
      if (--left > 0) void classify();
    });
  const rest = (['synthesize', 'load', 'train'] as const).flatMap((priority) =>
    Array.from({ length: 20 }, () => add(priority)),
  );
  void classify();
  begin();
  await Promise.all(rest);
  expect(left).toBeGreaterThan(0);
  const places = (name: Priority): number[] => order.flatMap((each, i) => (each === name ? [i] : []));
  for (const [name, patience] of Object.entries(PATIENCE)) {
    const gaps = places(name as Priority).map((place, i, all) => place - (i === 0 ? -1 : all[i - 1]!));
    // Its patience, its own piece, and one of each class below where those fall due at the same time.
    expect(Math.max(...gaps), name).toBeLessThanOrEqual(patience + 1 + 2);
    expect(Math.min(...gaps), name).toBeGreaterThanOrEqual(patience);
  }
});

test('a class that was empty for long has no claim to go before the more urgent', async () => {
  const { add, begin, order } = await busy();
  const done = Array.from({ length: 50 }, () => add('classify'));
  begin();
  await Promise.all(done);
  order.length = 0;
  await Promise.all([add('classify', 'first'), add('train'), add('classify')]);
  expect(order).toEqual(['first', 'classify', 'train']);
});

test('a turn waits for the work that is queued and running, and comes at once where there is none', async () => {
  const { scheduler, add, begin, order } = await busy();
  const turn = scheduler.turn().then(() => order.push('turn'));
  const done = [add('load'), add('classify')];
  begin();
  await Promise.all([turn, ...done]);
  expect(order).toEqual(['classify', 'load', 'turn']);
  await scheduler.turn();
});

test('work that fails rejects its own caller, and the next runs', async () => {
  const scheduler = new Scheduler();
  const failed = scheduler.run('classify', () => Promise.reject(new Error('no')));
  await expect(failed).rejects.toThrow('no');
  expect(await scheduler.run('load', async () => 7)).toBe(7);
});
