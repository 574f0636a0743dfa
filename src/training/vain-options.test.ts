import { expect, test } from 'vitest';
import { OPTION_NAMES } from './options.ts';
import { REGIMES } from './regimes/table.ts';
import { vainOptionWarnings } from './vain-options.ts';

test('an option of the generator is told to be vain where there is none', () => {
  const given = { epochs: 3, diversity: 'mode_seeking' };
  expect(vainOptionWarnings(given, REGIMES.weighted)).toEqual([
    'options.diversity changes nothing: weighted trains no generator',
  ]);
  expect(vainOptionWarnings(given, REGIMES.joint_scratch)).toEqual([]);
  expect(vainOptionWarnings(undefined, REGIMES.weighted)).toEqual([]);
});

test('every option that can be vain exists', () => {
  const all = Object.fromEntries(OPTION_NAMES.map((name) => [name, 1]));
  const named = vainOptionWarnings(all, REGIMES.weighted).map((text) =>
    text.split(' ')[0]!.slice('options.'.length),
  );
  expect(named).toContain('latentSize');
  for (const name of named) expect(OPTION_NAMES).toContain(name);
});
