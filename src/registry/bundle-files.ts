/** The files of a bundle and their hashes: all that a process without a tensor library needs of it. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VigilError } from '../errors.ts';
import type { BundleManifest } from './manifest.ts';

export const MANIFEST = 'manifest.json';
export const FORMAT = 1;

/** The networks' names, without the tensor library that `networks.ts` comes with. */
type StoredNetwork = 'generator' | 'discriminator' | 'classifier';

export const fileOf = (network: StoredNetwork): string => `${network}.safetensors`;

/** Whether the bundle has the network's weights: one of an earlier version, or of a regime without D, has none of D. */
export const holdsNetwork = ({ files }: BundleManifest, network: StoredNetwork): boolean =>
  files[fileOf(network)] !== undefined;

export const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Parses the manifest; ARTIFACT_CORRUPT when it is absent or no manifest, MODEL_INCOMPATIBLE for another format. */
export async function readManifest(directory: string): Promise<BundleManifest> {
  const bytes = await readPart(directory, MANIFEST);
  let manifest: Partial<BundleManifest>;
  try {
    manifest = JSON.parse(new TextDecoder().decode(bytes)) as Partial<BundleManifest>;
  } catch (cause) {
    throw corrupt(MANIFEST, 'it is not JSON', cause);
  }
  if (manifest.format !== FORMAT) {
    const found = `format ${String(manifest.format)}`;
    throw new VigilError(
      'MODEL_INCOMPATIBLE',
      `the bundle has ${found}; this version reads format ${FORMAT}`,
    );
  }
  for (const key of [
    'channels',
    'steps',
    'classNames',
    'limits',
    'trainPriors',
    'networks',
    'files',
  ] as const) {
    if (manifest[key] === undefined) throw corrupt(MANIFEST, `it has no ${key}`);
  }
  const { temperature = 1 } = manifest;
  if (!(temperature > 0 && Number.isFinite(temperature)))
    throw corrupt(MANIFEST, `its temperature is ${JSON.stringify(temperature)}`);
  return manifest as BundleManifest;
}

/** Checks every file against the manifest's hashes, and returns the manifest and its own hash. */
export async function verifyBundle(directory: string): Promise<{ manifest: BundleManifest; sha256: string }> {
  const manifest = await readManifest(directory);
  for (const name of Object.keys(manifest.files)) await readVerified(directory, manifest, name);
  return { manifest, sha256: hashOf(await readPart(directory, MANIFEST)) };
}

/** The bytes of a file, which must have its recorded hash. */
export async function readVerified(
  directory: string,
  manifest: BundleManifest,
  name: string,
): Promise<Uint8Array> {
  const bytes = await readPart(directory, name);
  const found = hashOf(bytes);
  const recorded = manifest.files[name];
  if (found !== recorded)
    throw corrupt(name, `its SHA-256 is ${found}, the manifest says ${recorded ?? 'nothing'}`);
  return bytes;
}

async function readPart(directory: string, name: string): Promise<Uint8Array> {
  try {
    return await readFile(join(directory, name));
  } catch (cause) {
    throw corrupt(name, 'it cannot be read', cause);
  }
}

export function corrupt(file: string, what: string, cause?: unknown): VigilError {
  return new VigilError('ARTIFACT_CORRUPT', `${file} of the model bundle is corrupt: ${what}`, {
    metadata: { file },
    cause,
  });
}
