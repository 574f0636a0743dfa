/** Fetches wheels with pip, so that its index, mirror, proxy and certificate settings hold, and checks every byte. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { VigilError } from '../../src/errors.ts';
import { lastLines, runCommand } from './command.ts';
import { PLATFORM_TAGS, PYTHON_TAG, type Wheel } from './pins.ts';
import { missing } from './requirements.ts';
import { inTemporary } from './temporary.ts';

/** Hears how many bytes of a wheel are there. */
export type Progress = (wheel: Wheel, bytes: number) => void;

const PROGRESS_EVERY_MS = 250;

/** The wheel's place in the cache once it is whole and checked. */
export const wheelPath = (cache: string, { project, sha256 }: Wheel): string =>
  join(cache, 'wheels', `${project}-${sha256.slice(0, 16)}.whl`);

/**
 * Makes the cache hold the wheel and returns its path. One that is there is checked again, not fetched.
 * Errors: REQUIREMENT_MISSING (no network, no such file at the index, no room), ARTIFACT_CORRUPT (another hash).
 */
export async function fetchWheel(
  python: string,
  cache: string,
  wheel: Wheel,
  progress: Progress,
): Promise<string> {
  const path = wheelPath(cache, wheel);
  if (existsSync(path)) {
    if ((await sha256Of(path)) === wheel.sha256) {
      progress(wheel, wheel.bytes);
      return path;
    }
    await rm(path);
  }
  await inTemporary(join(cache, 'wheels'), async (temporary) => {
    await download(python, temporary, wheel, progress);
    const file = (await readdir(temporary)).find((name) => name.endsWith('.whl'));
    if (!file) throw missing(`pip brought no wheel of ${wheel.project} ${wheel.version}`);
    const found = await sha256Of(join(temporary, file));
    if (found !== wheel.sha256) throw corrupt(wheel, found);
    await rename(join(temporary, file), path);
  });
  progress(wheel, wheel.bytes);
  return path;
}

async function download(python: string, directory: string, wheel: Wheel, progress: Progress): Promise<void> {
  const requirements = join(directory, 'requirements.txt');
  await writeFile(requirements, `${wheel.project}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
  const args = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--no-cache-dir', '--require-hashes'];
  args.push('--only-binary=:all:', '--python-version', PYTHON_TAG, '--disable-pip-version-check');
  args.push(...PLATFORM_TAGS.flatMap((tag) => ['--platform', tag]), '-d', directory, '-r', requirements);
  // pip downloads below TMPDIR and then moves: what grows there is the progress.
  const timer = setInterval(() => {
    largestFile(directory).then((bytes) => progress(wheel, Math.min(bytes, wheel.bytes)));
  }, PROGRESS_EVERY_MS);
  const result = await runCommand(python, args, { env: { ...process.env, TMPDIR: directory } }).finally(() =>
    clearInterval(timer),
  );
  if (result?.code === 0) return;
  const said = lastLines(result?.output ?? '', 2);
  const what = `${wheel.project} ${wheel.version}`;
  if (/hashes|THESE PACKAGES DO NOT MATCH/i.test(result?.output ?? ''))
    throw new VigilError('ARTIFACT_CORRUPT', `the index has another ${what} than ours: ${said}`);
  if (/No space left/i.test(result?.output ?? '')) throw missing(`no room for ${what}: ${said}`);
  throw missing(
    `pip cannot fetch ${what}: ${said}. It needs PyPI or a mirror of it (PIP_INDEX_URL); run the command again to go on`,
  );
}

async function largestFile(directory: string): Promise<number> {
  try {
    const names = await readdir(directory, { recursive: true });
    const sizes = names
      .filter((name) => name.endsWith('.whl'))
      .map(async (name) => (await stat(join(directory, name))).size);
    return Math.max(0, ...(await Promise.all(sizes)));
  } catch {
    // pip moves and deletes files meanwhile.
    return 0;
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function corrupt(wheel: Wheel, found: string): VigilError {
  const message = `${wheel.project} ${wheel.version} has SHA-256 ${found}; allowed: ${wheel.sha256}. It was not used`;
  return new VigilError('ARTIFACT_CORRUPT', message);
}
