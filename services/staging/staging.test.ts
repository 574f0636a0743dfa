/** The installation's steps with stand-ins for Python: what is missing is named, and nothing half done is left. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defaultCache } from './install.ts';
import { hasLibrary, libraryPath, unpackLibrary } from './library.ts';
import type { Wheel } from './pins.ts';
import { checkMachine, findTools } from './requirements.ts';
import { fetchWheel, wheelPath } from './wheels.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vigil-staging-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const CONTENT = 'a wheel';
const wheel: Wheel = {
  project: 'some-wheel',
  version: '1.0',
  bytes: CONTENT.length,
  sha256: createHash('sha256').update(CONTENT).digest('hex'),
};

/** A stand-in for python3; `$directory` is where pip was told to put the file. */
function python(body: string): string {
  const path = join(directory, 'python3');
  const find = 'while [ $# -gt 0 ]; do [ "$1" = -d ] && directory="$2"; shift; done';
  writeFileSync(path, `#!/bin/sh\n${find}\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}
const writes = (text: string): string => python(`printf '%s' '${text}' > "$directory/some.whl"`);
const left = (): string[] =>
  existsSync(join(directory, 'wheels')) ? readdirSync(join(directory, 'wheels')) : [];

test('a wheel is fetched, checked and kept; a second time nothing is fetched', async () => {
  const seen: number[] = [];
  const fetch = (program: string): Promise<string> =>
    fetchWheel(program, directory, wheel, (_, bytes) => seen.push(bytes));
  expect(readFileSync(await fetch(writes(CONTENT)), 'utf8')).toBe(CONTENT);
  expect(await fetch(python('exit 9'))).toBe(wheelPath(directory, wheel));
  expect(seen.at(-1)).toBe(wheel.bytes);
  expect(left()).toHaveLength(1);
});

test('a wheel in the cache that was damaged is fetched again', async () => {
  await fetchWheel(writes(CONTENT), directory, wheel, () => {});
  writeFileSync(wheelPath(directory, wheel), 'damaged');
  await fetchWheel(writes(CONTENT), directory, wheel, () => {});
  expect(readFileSync(wheelPath(directory, wheel), 'utf8')).toBe(CONTENT);
});

test.each([
  ['another content', () => writes('another'), 'ARTIFACT_CORRUPT', /has SHA-256 .*; allowed: .*not used/],
  [
    'a hash that pip refuses',
    () => python('echo "THESE PACKAGES DO NOT MATCH THE HASHES" >&2; exit 1'),
    'ARTIFACT_CORRUPT',
    /another some-wheel 1.0 than ours/,
  ],
  [
    'no network',
    () => python('echo "ERROR: No matching distribution found" >&2; exit 1'),
    'REQUIREMENT_MISSING',
    /pip cannot fetch some-wheel 1.0: .*PIP_INDEX_URL/,
  ],
  [
    'a full disk',
    () => python('echo "No space left on device" >&2; exit 1'),
    'REQUIREMENT_MISSING',
    /no room/,
  ],
  ['no file', () => python('exit 0'), 'REQUIREMENT_MISSING', /brought no wheel/],
])('%s is an error that says so, and leaves nothing', async (_, program, code, message) => {
  const fetched = fetchWheel(program(), directory, wheel, () => {});
  await expect(fetched).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  expect(left()).toEqual([]);
});

test('what a killed installation left is cleared away, what another one makes is not', async () => {
  const parent = join(directory, 'wheels');
  mkdirSync(join(parent, 'tmp-4194305-dead'), { recursive: true });
  mkdirSync(join(parent, `tmp-${process.ppid}-alive`));
  await fetchWheel(writes(CONTENT), directory, wheel, () => {});
  expect(left().toSorted()).toEqual([basename(wheelPath(directory, wheel)), `tmp-${process.ppid}-alive`]);
});

test('a library that cannot be unpacked whole is not there', async () => {
  const unpacked = unpackLibrary(python('echo "zipfile.BadZipFile" >&2; exit 1'), directory, 'cpu', [
    'a.whl',
  ]);
  await expect(unpacked).rejects.toThrow('cannot be unpacked: zipfile.BadZipFile');
  expect(hasLibrary(directory, 'cpu')).toBe(false);
  expect(existsSync(libraryPath(directory, 'cpu'))).toBe(false);
  expect(readdirSync(directory)).toEqual(['python3']);
});

const machine = { platform: 'linux', arch: 'x64', nodeVersion: 'v22.23.3', glibc: true };
test.each([
  [{ ...machine, platform: 'darwin' }, 'this is darwin x64'],
  [{ ...machine, arch: 'arm64' }, 'this is linux arm64'],
  [{ ...machine, glibc: false }, 'needs glibc'],
  [{ ...machine, nodeVersion: 'v24.1.0' }, 'this is v24.1.0'],
])('a machine that cannot run it is told so before anything is fetched: %s', (found, message) => {
  expect(() => checkMachine(found)).toThrow(message);
});

test('this machine is fit, or told why not in one sentence', async () => {
  const before = process.env.PATH;
  process.env.PATH = directory;
  try {
    await expect(findTools(directory)).rejects.toMatchObject({
      code: 'REQUIREMENT_MISSING',
      message: expect.stringMatching(/there is no python3 .*apt-get install python3/),
    });
    python('');
    writeFileSync(join(directory, 'python3'), '#!/bin/sh\n[ "$2" = pip ] && exit 1\nexit 0\n');
    await expect(findTools(directory)).rejects.toThrow('python3 has no pip');
    writeFileSync(join(directory, 'python3'), '#!/bin/sh\nexit 0\n');
    await expect(findTools(directory)).rejects.toThrow('there is no C++ compiler');
  } finally {
    process.env.PATH = before;
  }
});

test('the cache is outside the project', () => {
  expect(defaultCache({ XDG_CACHE_HOME: '/var/cache/me' })).toBe('/var/cache/me/vigil');
  expect(defaultCache({})).toMatch(/\/\.cache\/vigil$/);
});
