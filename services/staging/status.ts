import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { findPackage } from '../../src/tensor/tensorflow/packages.ts';
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

/** What is staged behind each npm package. Looks, and loads nothing. */
export function stagedEngines(): StagedEngine[] {
  return (['cpu', 'gpu'] as const).map((flavour) => {
    const { name, directory, version = null, missing } = findPackage(PACKAGES[flavour]);
    const staged = directory !== undefined && missing === undefined;
    const detail = staged ? `staged: ${realpathSync(join(directory, 'deps'))}` : missing!;
    return { package: name, flavour, version, staged, detail };
  });
}
