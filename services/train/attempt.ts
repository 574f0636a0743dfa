/** One attempt at a run: from its dataset to a bundle, and from the bundle to a version. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Logger } from 'pino';
import { verifyBundle } from '../../src/registry/bundle-files.ts';
import { CANDIDATE } from '../../src/registry/registry.ts';
import type { VersionRecord } from '../../src/registry/version.ts';
import type { ResolvedDataset } from '../datasets/resolve.ts';
import type { EngineClient } from '../engine/engine.ts';
import { runName } from '../resource-names.ts';
import type { DataDirectory } from '../storage/data-directory.ts';
import type { RunRecord, Store } from '../storage/store.ts';

export interface AttemptSettings {
  readonly store: Store;
  readonly engine: EngineClient;
  readonly data: DataDirectory;
  readonly resolveDataset: (name: string) => Promise<ResolvedDataset>;
  /** Hears of each new version after it is stored; deals with its own failures. */
  readonly onVersion: (version: VersionRecord, alias: string) => Promise<void>;
  readonly log: Logger;
  readonly codeVersion: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export type StopReason = 'cancel' | 'stop';

/** Trains to a bundle, unless an earlier process did all but register it. `stop` is asked before the engine starts. */
export async function trainOnce(
  { engine, data, resolveDataset, codeVersion }: AttemptSettings,
  { id, request }: RunRecord,
  stop: () => StopReason | undefined,
): Promise<'succeeded' | 'cancelled' | 'stopped'> {
  const bundleDirectory = data.bundle(id);
  if (existsSync(bundleDirectory)) {
    if (await isWhole(bundleDirectory)) return 'succeeded';
    await rm(bundleDirectory, { recursive: true });
  }
  const { location, name } = await resolveDataset(request.dataset);
  const asked = stop();
  if (asked) return asked === 'cancel' ? 'cancelled' : 'stopped';
  const { kind } = await engine.call('train', {
    run: runName(id),
    dataset: location,
    datasetName: name,
    regime: request.regime,
    options: request.options,
    split: request.split,
    directory: data.run(id),
    bundleDirectory,
    codeVersion,
  });
  return kind;
}

const isWhole = (directory: string): Promise<boolean> =>
  verifyBundle(directory).then(
    () => true,
    () => false,
  );

/** Makes the run's bundle the newest version and the candidate; its checkpoint is not needed any more. */
export async function registerBundle(settings: AttemptSettings, { id }: RunRecord): Promise<void> {
  const { store, data, onVersion, log, now } = settings;
  const directory = data.bundle(id);
  const { manifest, sha256 } = await verifyBundle(directory);
  const version = await store.registerVersion(
    { run: id, createTime: now(), manifest, sha256, directory },
    CANDIDATE,
  );
  await rm(data.run(id), { recursive: true, force: true });
  log.info({ run: runName(id), version: version.version }, 'training succeeded');
  await onVersion(version, CANDIDATE);
}
