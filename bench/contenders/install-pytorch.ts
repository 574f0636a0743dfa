/** Brings PyTorch into a virtual environment of the benchmark's own, outside the clone. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The version tried. From PyPI; with its CUDA libraries, which it needs to be imported, about 4 GB. */
export const PYTORCH_VERSION = '2.15.0';

/** A Python with PyTorch, or why there is none. */
export type Pytorch = { readonly python: string } | { readonly missing: string };

const run = promisify(execFile);

/** Last line of what a command said on stderr. */
function reasonOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return stderr?.trim().split('\n').at(-1) || message;
}

/** Finds the environment in `cache`, or makes it unless `install` is false. */
export async function providePytorch(
  cache: string,
  install: boolean,
  say: (line: string) => void,
): Promise<Pytorch> {
  const directory = join(cache, `pytorch-${PYTORCH_VERSION}`);
  const python = join(directory, 'bin', 'python');
  const done = join(directory, 'complete');
  if (existsSync(done)) return { python };
  if (!install) return { missing: `it is not in ${directory}, and --no-install was given` };
  try {
    await run('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))']);
  } catch (error) {
    return { missing: `Python 3.10 or newer is needed as python3: ${reasonOf(error)}` };
  }
  say(`installing PyTorch ${PYTORCH_VERSION} into ${directory} (some 4 GB, once)`);
  try {
    await rm(directory, { recursive: true, force: true });
    await mkdir(cache, { recursive: true });
    await run('python3', ['-m', 'venv', directory]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    await run(python, [...pip, `torch==${PYTORCH_VERSION}`], { maxBuffer: 2 ** 26 });
    await run(python, ['-c', 'import torch']);
  } catch (error) {
    return { missing: `it could not be installed: ${reasonOf(error)}` };
  }
  await writeFile(done, '');
  return { python };
}
