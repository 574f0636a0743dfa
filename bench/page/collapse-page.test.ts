import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CollapseResult } from '../collapse.ts';
import { renderCollapse } from './collapse-page.ts';
import { DOCUMENTED } from './results.ts';

test('docs/results/collapse.md is what its figures give', async () => {
  const result = JSON.parse(await readFile(join(DOCUMENTED, 'collapse.json'), 'utf8')) as CollapseResult;
  expect(await readFile(join(DOCUMENTED, 'collapse.md'), 'utf8')).toBe(renderCollapse(result));
});
