import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { addonPath, packageVersion } from './addon.ts';
import { type Flavour, PACKAGES } from './pins.ts';

export interface StagedEngine {
  readonly package: string;
  readonly flavour: Flavour;
  /** Of the npm package; null where it is not installed. */
  readonly version: string | null;
  readonly staged: boolean;
  /** Where the library is, or what is missing and what to do. */
  readonly detail: string;
}

/** What is staged behind each npm package of the project at `root`. Looks, and loads nothing. */
export function stagedEngines(root: string): StagedEngine[] {
  return (['cpu', 'gpu'] as const).map((flavour) => {
    const name = PACKAGES[flavour];
    const directory = join(root, 'node_modules', name);
    const version = packageVersion(directory) ?? null;
    const deps = join(directory, 'deps');
    const command = `vigil engine install tensorflow${flavour === 'gpu' ? ' --gpu' : ''}`;
    const found = { package: name, flavour, version };
    if (version === null) return { ...found, staged: false, detail: 'not installed; "npm ci" brings it' };
    if (!existsSync(addonPath(directory)))
      return { ...found, staged: false, detail: `not staged; "${command}" does it` };
    if (!existsSync(join(deps, 'lib', 'libtensorflow_cc.so.2')))
      return { ...found, staged: false, detail: `its library is gone; "${command}" brings it back` };
    return { ...found, staged: true, detail: `staged: ${realpathSync(deps)}` };
  });
}
