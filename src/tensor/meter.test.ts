import { expect, test } from 'vitest';
import { meterEngine } from './meter.ts';
import { add } from './ops.ts';
import { openReference } from './reference/engine.ts';

test('time inside executables is counted, compiling and what lies between is not', async () => {
  const engine = await openReference();
  // Two readings a run: every run takes a second by this clock.
  let now = 0;
  const metered = meterEngine(engine, () => now++);
  const state = metered.engine.createState({ one: [1] }, { one: Float32Array.of(1) });
  const executable = await metered.engine.compile(
    {
      name: 'add',
      inputs: { x: [1] },
      state: { one: [1] },
      run: ({ x }, { one }) => ({ outputs: { sum: add(x!, one!) } }),
    },
    state,
  );
  expect(metered.takeSeconds()).toBe(0);
  expect([...(await executable.run({ x: Float32Array.of(2) })).sum!]).toEqual([3]);
  now += 100;
  const pending = await executable.submit({ x: Float32Array.of(4) });
  expect([...(await pending.read()).sum!]).toEqual([5]);
  expect(metered.takeSeconds()).toBe(3);
  expect(metered.takeSeconds()).toBe(0);
  await executable.dispose();
  state.dispose();
  await metered.engine.dispose();
});
