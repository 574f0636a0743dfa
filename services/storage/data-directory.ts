import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Where things lie in the data directory. Names are ours (ids, checked dataset names), never a caller's path. */
export interface DataDirectory {
  /** Absolute. */
  readonly root: string;
  /** Checkpoints of a run. */
  run(id: string): string;
  /** The bundle that a run makes. */
  bundle(runId: string): string;
  /** The directory of a stored dataset: its file and its dataset.json. */
  dataset(name: string): string;
}

/** Creates the directory where it is absent. */
export function openDataDirectory(path: string): DataDirectory {
  const root = resolve(path);
  for (const part of ['runs', 'models', 'datasets']) mkdirSync(join(root, part), { recursive: true });
  return {
    root,
    run: (id) => join(root, 'runs', id),
    bundle: (runId) => join(root, 'models', runId),
    dataset: (name) => join(root, 'datasets', name),
  };
}
