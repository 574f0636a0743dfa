/** Which version a model name of the Open Inference Protocol stands for. */
import { VigilError } from '../../src/errors.ts';
import { type Registry, STABLE } from '../../src/registry/registry.ts';
import type { VersionRecord } from '../../src/registry/version.ts';

/** A model as it was asked for. */
export interface NamedModel {
  /** A version or an alias; never empty. */
  readonly name: string;
  readonly version: VersionRecord;
}

/**
 * `name` is a version or an alias ("" means "stable"); `version` is "" or the version that the name stands for.
 * MODEL_NOT_FOUND says what the name stands for.
 */
export function resolveModel(registry: Registry, name: string, version: string): NamedModel {
  const found = registry.resolve(name);
  const known = name === '' ? STABLE : name;
  if (version === '' || version === found.version) return { name: known, version: found };
  const message = `model ${JSON.stringify(known)} is version ${found.version}, not ${JSON.stringify(version)}; ask for that version by its own name, or for no version`;
  throw new VigilError('MODEL_NOT_FOUND', message, { metadata: { model: known, version } });
}
