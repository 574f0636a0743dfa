/** The npm packages that run TensorFlow, and whether a native library is staged behind them. Loads nothing. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export type TensorflowPackage = '@tensorflow/tfjs-node' | '@tensorflow/tfjs-node-gpu';

export interface FoundPackage {
  readonly name: TensorflowPackage;
  /** Undefined where npm did not install it. */
  readonly directory: string | undefined;
  readonly version: string | undefined;
  /** What is missing and what to do; undefined when the package can be loaded. */
  readonly missing: string | undefined;
}

/** Newest N-API version that the packages know: Node 18 to 22 look for the addon in the directory of that name. */
export const NAPI_VERSION = 8;

/** Where a package looks for its addon. */
export const addonPath = (directory: string): string =>
  join(directory, 'lib', `napi-v${NAPI_VERSION}`, 'tfjs_binding.node');

/** Where a package's addon looks for its libraries. */
export const librariesPath = (directory: string): string => join(directory, 'deps', 'lib');

export function findPackage(name: TensorflowPackage): FoundPackage {
  const command = `vigil engine install tensorflow${name.endsWith('-gpu') ? ' --gpu' : ''}`;
  let directory: string;
  try {
    directory = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch {
    const missing = 'not installed; "npm ci" with optional packages brings it';
    return { name, directory: undefined, version: undefined, missing };
  }
  const { version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as {
    version: string;
  };
  let missing: string | undefined;
  if (!existsSync(addonPath(directory))) missing = `no native library is staged; "${command}" does it`;
  else if (!existsSync(join(librariesPath(directory), 'libtensorflow.so')))
    missing = `its native library is gone; "${command}" brings it back`;
  return { name, directory, version, missing };
}
