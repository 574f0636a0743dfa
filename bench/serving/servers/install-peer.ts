/** Brings a model server into a virtual environment of its own, outside the clone: their pins contradict each other. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PeerName } from './server.ts';

/** From PyPI, the versions tried. */
export const PACKAGES: Readonly<Record<PeerName, string>> = {
  triton: 'nvidia-pytriton==0.7.0',
  mlserver: 'mlserver==1.7.1',
  kserve: 'kserve==0.21.0',
};
const RUNTIME = 'onnxruntime==1.32.0';

export type Environment = { readonly python: string } | { readonly missing: string };

const run = promisify(execFile);

/** Last line of what a command said on stderr. */
function reasonOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return stderr?.trim().split('\n').at(-1) || message;
}

/** The first Python that can make an environment. Triton's package needs the system's: other builds lack a method. */
async function findPython(): Promise<string> {
  let reason: unknown = new Error('none is on the PATH');
  for (const python of ['/usr/bin/python3', 'python3']) {
    try {
      await run(python, ['-c', 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))']);
      return python;
    } catch (error) {
      reason = error;
    }
  }
  throw new Error(`Python 3.10 or newer with venv is needed: ${reasonOf(reason)}`);
}

/** Finds the environment in `cache`, or makes it unless `install` is false. */
export async function provideEnvironment(
  peer: PeerName,
  cache: string,
  install: boolean,
  say: (line: string) => void,
): Promise<Environment> {
  const directory = join(cache, PACKAGES[peer].replace('==', '-'));
  const python = join(directory, 'bin', 'python');
  const done = join(directory, 'complete');
  if (existsSync(done)) return { python };
  if (!install) return { missing: `it is not in ${directory}, and --no-install was given` };
  say(`installing ${PACKAGES[peer]} into ${directory} (some 500 MB, once)`);
  try {
    await rm(directory, { recursive: true, force: true });
    await mkdir(cache, { recursive: true });
    await run(await findPython(), ['-m', 'venv', directory]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    await run(python, [...pip, PACKAGES[peer], RUNTIME], { maxBuffer: 2 ** 26 });
  } catch (error) {
    return { missing: `it could not be installed: ${reasonOf(error)}` };
  }
  await writeFile(done, '');
  return { python };
}
