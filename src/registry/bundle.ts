/** A model on disk: a directory with `manifest.json` and one safetensors file per network. Never changed once written. */
import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from '../data/safetensors.ts';
import { VigilError } from '../errors.ts';
import { layoutOf, NETWORKS, type NetworkName } from '../models/networks.ts';
import { flatten, nameArrays } from '../models/parameters.ts';
import type { ModelSpec } from '../models/spec.ts';
import type { BundleManifest } from './manifest.ts';

const MANIFEST = 'manifest.json';
const FORMAT = 1;

const fileOf = (network: NetworkName): string => `${network}.safetensors`;
const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The networks' sizes of a bundle. */
export function specOfManifest(manifest: BundleManifest): ModelSpec {
  const { channels, steps, classNames, networks } = manifest;
  return { channels, steps, classes: classNames.length, ...networks };
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
  return manifest as BundleManifest;
}

/** Checks every file against the manifest's hashes, and returns the manifest and its own hash. */
export async function verifyBundle(directory: string): Promise<{ manifest: BundleManifest; sha256: string }> {
  const manifest = await readManifest(directory);
  for (const name of Object.keys(manifest.files)) await readVerified(directory, manifest, name);
  return { manifest, sha256: hashOf(await readPart(directory, MANIFEST)) };
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

async function readVerified(directory: string, manifest: BundleManifest, name: string): Promise<Uint8Array> {
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

function corrupt(file: string, what: string, cause?: unknown): VigilError {
  return new VigilError('ARTIFACT_CORRUPT', `${file} of the model bundle is corrupt: ${what}`, {
    metadata: { file },
    cause,
  });
}
