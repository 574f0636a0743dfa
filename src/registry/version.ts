import type { BundleManifest } from './manifest.ts';

/** A registered, immutable model version. */
export interface VersionRecord {
  /** "1", "2", ... */
  readonly version: string;
  /** Epoch milliseconds. */
  readonly createTime: number;
  readonly manifest: BundleManifest;
  /** SHA-256 of the bundle's manifest file, which holds the hashes of all other files. */
  readonly sha256: string;
  /** Where the bundle lies, absolute. */
  readonly directory: string;
}

/** Reads of the registry that serving needs. */
export interface VersionSource {
  /** A version by number or alias ("" means "stable"); MODEL_NOT_FOUND otherwise. */
  resolve(model: string): VersionRecord;
  /** Alias → version. */
  aliases(): ReadonlyMap<string, string>;
}
