import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../services/project.ts';
import type { Results } from './render.ts';

export const RESULTS = join(projectRoot(), 'bench', 'results');
/** What a page of docs/results is written from stands beside it. */
export const DOCUMENTED = join(projectRoot(), 'docs', 'results');
export const PAGE = join(projectRoot(), 'docs', 'performance.md');

async function read<T>(name: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(join(RESULTS, `${name}.json`), 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** What is kept in bench/results. */
export const readResults = async (): Promise<Results> => ({
  training: await read('training'),
  gpu: await read('gpu'),
  epoch: await read('epoch'),
  scaling: await read('scaling'),
  serving: await read('serving'),
});
