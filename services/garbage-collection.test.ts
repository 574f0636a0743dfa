import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { EXEC_ARGV } from './child-module.ts';

/** What a process says that runs some lines after the tuning and then makes garbage of all ages. */
function afterTuning(lines: string): { status: number | null; said: string } {
  const module = fileURLToPath(new URL('garbage-collection.ts', import.meta.url));
  const script = `
    import { setFlagsFromString } from 'node:v8';
    import { tuneGarbageCollection } from ${JSON.stringify(module)};
    tuneGarbageCollection();
    ${lines}
    for (let kept = [], i = 0; i < 3e6; i++) {
      if (i % 1e6 === 0) kept = [];
      kept.push({ i });
    }`;
  const flags = [...EXEC_ARGV, '--input-type=module', '--eval', script];
  const { status, stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

test('V8 knows every flag and goes on collecting', () => {
  expect(afterTuning('')).toEqual({ status: 0, said: '' });
  expect(afterTuning(`setFlagsFromString('--no-such-flag');`).said).toContain('unrecognized flag');
});
