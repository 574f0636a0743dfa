import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { renderPage } from './render.ts';
import { PAGE, readResults } from './results.ts';

test('docs/performance.md is what the results give (npm run bench -- page writes it)', async () => {
  expect(await readFile(PAGE, 'utf8')).toBe(renderPage(await readResults()));
});

test('a page without results says how to get them', () => {
  const nothing = { training: undefined, gpu: undefined, epoch: undefined, scaling: undefined };
  const page = renderPage({ ...nothing, serving: undefined });
  for (const name of ['training', 'gpu', 'epoch', 'scaling', 'serving --scenarios all'])
    expect(page).toContain(`Not measured yet: \`npm run bench -- ${name}\``);
});
