/** A model on disk: a directory with `manifest.json` and one safetensors file per network. Never changed once written. */
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from '../data/safetensors.ts';
import { VigilError } from '../errors.ts';
import { layoutOf, NETWORKS, type NetworkName } from '../models/networks.ts';
import { flatten, nameArrays } from '../models/parameters.ts';
import { CLASSIFIER_ARCHITECTURES, type ModelSpec } from '../models/spec.ts';
import { corrupt, FORMAT, fileOf, hashOf, MANIFEST, readVerified } from './bundle-files.ts';
import type { BundleManifest } from './manifest.ts';

/** The networks' sizes of a bundle. Errors: MODEL_INCOMPATIBLE for a classifier that a newer version wrote. */
export function specOfManifest(
  manifest: Pick<BundleManifest, 'channels' | 'steps' | 'classNames' | 'networks'>,
): ModelSpec {
  const { channels, steps, classNames, networks } = manifest;
  const { classifierArchitecture = 'paper' } = networks;
  if (!CLASSIFIER_ARCHITECTURES.includes(classifierArchitecture)) {
    const known = CLASSIFIER_ARCHITECTURES.join(', ');
    throw new VigilError(
      'MODEL_INCOMPATIBLE',
      `the bundle's classifier has the architecture ${JSON.stringify(classifierArchitecture)}; this version knows ${known}`,
    );
  }
  return { channels, steps, classes: classNames.length, ...networks, classifierArchitecture };
}

/**
 * Writes a bundle: files first, the manifest with their hashes last, everything synced, in a temporary directory that
 * is then renamed to `directory`, which must not exist.
 */
export async function writeBundle(
  directory: string,
  manifest: Omit<BundleManifest, 'format' | 'files' | 'hasGenerator'>,
  weights: Readonly<Partial<Record<NetworkName, Float32Array>>>,
): Promise<BundleManifest> {
  const temporary = `${directory}.tmp`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  const hasGenerator = weights.generator !== undefined;
  const files: Record<string, string> = {};
  const whole: BundleManifest = { format: FORMAT, ...manifest, hasGenerator, files };
  for (const network of NETWORKS) {
    const flat = weights[network];
    if (!flat) continue;
    const bytes = writeSafetensors(nameArrays(layoutOf(network, specOfManifest(whole)), flat), { network });
    files[fileOf(network)] = hashOf(bytes);
    await writeSynced(join(temporary, fileOf(network)), bytes);
  }
  await writeSynced(
    join(temporary, MANIFEST),
    new TextEncoder().encode(`${JSON.stringify(whole, null, 2)}\n`),
  );
  await rename(temporary, directory);
  return whole;
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The flat weights of a network; ARTIFACT_CORRUPT when the file does not match its hash or its layout. */
export async function readWeights(
  directory: string,
  manifest: BundleManifest,
  network: NetworkName,
): Promise<Float32Array> {
  const name = fileOf(network);
  const { arrays } = readSafetensors(await readVerified(directory, manifest, name), name);
  try {
    const values = new Map([...arrays].map(([parameter, array]) => [parameter, array.values] as const));
    return flatten(layoutOf(network, specOfManifest(manifest)), values);
  } catch (cause) {
    throw corrupt(name, cause instanceof Error ? cause.message : 'its parameters do not fit', cause);
  }
}
