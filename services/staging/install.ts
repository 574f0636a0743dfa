/**
 * `vigil engine install tensorflow`: puts a real libtensorflow behind the unmodified npm package. Safe to repeat and
 * to interrupt: wheels, library and addon each appear whole, under their final name, or not at all.
 */
import { rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { addonPath, findPackage } from '../../src/tensor/tensorflow/packages.ts';
import { buildAddon, isBuilt } from './addon.ts';
import { lastLines, runCommand } from './command.ts';
import { hasLibrary, libraryPath, unpackLibrary } from './library.ts';
import { type Flavour, PACKAGES, TENSORFLOW_VERSION, WHEELS } from './pins.ts';
import { checkMachine, checkRoom, findTools, missing } from './requirements.ts';
import { fetchWheel, type Progress, wheelPath } from './wheels.ts';

export interface InstallSettings {
  readonly flavour: Flavour;
  /** Directory that keeps the libraries; see `defaultCache`. */
  readonly cache: string;
  /** The project, with its node_modules. */
  readonly root: string;
  readonly onStep: (step: string) => void;
  readonly onProgress: Progress;
}

export interface Installed {
  /** For example "@tensorflow/tfjs-node 4.22.0". */
  readonly package: string;
  readonly tensorflow: string;
  readonly library: string;
  /** Whether everything was there already. */
  readonly unchanged: boolean;
}

/** A cache of the user, outside the project: `$XDG_CACHE_HOME/vigil`, or `~/.cache/vigil`. */
export function defaultCache(environment: Readonly<Record<string, string | undefined>>): string {
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'vigil');
}

/** Installs, and tries the result. Errors: REQUIREMENT_MISSING, ARTIFACT_CORRUPT. */
export async function installTensorflow(settings: InstallSettings): Promise<Installed> {
  const { flavour, root, onStep, onProgress } = settings;
  const cache = resolve(settings.cache);
  checkMachine();
  const { name, directory, version } = findPackage(PACKAGES[flavour]);
  if (!directory)
    throw missing(`${name} is not installed in ${root}; run "npm ci" there, with optional packages`);
  const library = libraryPath(cache, flavour);
  const done = { package: `${name} ${version}`, tensorflow: TENSORFLOW_VERSION, library };

  if (hasLibrary(cache, flavour) && isBuilt(directory, library)) {
    onStep('trying what is there');
    if (!(await complaint(directory))) return { ...done, unchanged: true };
  }
  const tools = await findTools(root);
  if (!hasLibrary(cache, flavour)) {
    checkRoom(cache, flavour);
    const wheels: string[] = [];
    for (const wheel of WHEELS[flavour]) {
      onStep(`fetching ${wheel.project} ${wheel.version}`);
      wheels.push(await fetchWheel(tools.python, cache, wheel, onProgress));
    }
    onStep('unpacking');
    await unpackLibrary(tools.python, cache, flavour, wheels);
    for (const wheel of WHEELS[flavour]) await rm(wheelPath(cache, wheel), { force: true });
  }
  onStep(`building the addon of ${name}`);
  await buildAddon(directory, library, tools);
  onStep('trying it');
  const wrong = await complaint(directory);
  if (wrong) throw missing(`the addon was built but does not load: ${wrong}`);
  return { ...done, unchanged: false };
}

/** Loads the addon in a process of its own. Undefined when it loads, else what it says. */
async function complaint(directory: string): Promise<string | undefined> {
  const script = `require(${JSON.stringify(addonPath(directory))})`;
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' };
  const result = await runCommand(process.execPath, ['-e', script], { env });
  if (result?.code === 0) return undefined;
  return lastLines(result?.output ?? '', 30).replace(/\s*\|\s*at .*/s, '') || `exit code ${result?.code}`;
}
