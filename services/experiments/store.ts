/** What a directory of experiments holds: its configuration, finished runs, checkpoints of the others. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { VigilError } from '../../src/errors.ts';

/** What all runs of a directory share; with another value they would not be comparable. */
export type DirectoryConfiguration = Readonly<Record<string, unknown>>;

const CONFIGURATION = 'experiment.json';
const LOCK = 'lock';

/** Opened by one process at a time. The caller closes. */
export class ExperimentStore {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * Opens a directory, empty or of the same configuration. Errors: FIELD_INVALID, naming what differs, or the process that
   * has it open.
   */
  static async open(directory: string, configuration: DirectoryConfiguration): Promise<ExperimentStore> {
    mkdirSync(join(directory, 'runs'), { recursive: true });
    await lock(directory);
    const store = new ExperimentStore(directory);
    try {
      await store.#check(configuration);
    } catch (error) {
      store.close();
      throw error;
    }
    return store;
  }

  /** Writes the file whole or not at all: to a temporary one, synced, renamed. */
  async write(name: string, text: string): Promise<void> {
    const path = join(this.directory, name);
    const file = await open(`${path}.tmp`, 'w');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.tmp`, path);
  }

  /** What was written for an id; undefined when it was not. ARTIFACT_CORRUPT when it cannot be read. */
  async result<T>(id: string): Promise<T | undefined> {
    return readJson<T>(join(this.directory, 'runs', `${id}.json`));
  }

  async addResult(id: string, result: unknown): Promise<void> {
    await this.write(join('runs', `${id}.json`), `${JSON.stringify(result, null, 1)}\n`);
  }

  /** Where the run's checkpoint lives. */
  checkpoint(id: string): string {
    return join(this.directory, 'checkpoints', id);
  }

  async removeCheckpoint(id: string): Promise<void> {
    await rm(this.checkpoint(id), { recursive: true, force: true });
  }

  close(): void {
    rmSync(join(this.directory, LOCK), { force: true });
  }

  async #check(configuration: DirectoryConfiguration): Promise<void> {
    // As it will be read back: undefined is nothing in JSON.
    const wanted = JSON.parse(JSON.stringify(configuration)) as DirectoryConfiguration;
    const found = await readJson<DirectoryConfiguration>(join(this.directory, CONFIGURATION));
    if (!found) return this.write(CONFIGURATION, `${JSON.stringify(wanted, null, 2)}\n`);
    const names = [...new Set([...Object.keys(found), ...Object.keys(wanted)])];
    const changed = names.filter((name) => !isDeepStrictEqual(found[name], wanted[name]));
    if (changed.length === 0) return;
    const fields = changed.map((field) => ({
      field,
      description: `found ${JSON.stringify(wanted[field] ?? null)}; allowed: ${JSON.stringify(found[field] ?? null)}, as in the runs of ${this.directory}, or another directory`,
    }));
    const message = fields.map(({ field, description }) => `${field}: ${description}`).join('; ');
    throw new VigilError('FIELD_INVALID', message, { fields });
  }
}

async function readJson<T>(path: string): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new VigilError('ARTIFACT_CORRUPT', `${path} is not JSON; delete it to have it made again`, {
      cause,
    });
  }
}

/** A file with our process id; one of a process that is gone is taken over. */
async function lock(directory: string): Promise<void> {
  const path = join(directory, LOCK);
  await mkdir(directory, { recursive: true });
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      return await writeFile(path, String(process.pid), { flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = Number(readFileSync(path, 'utf8'));
    if (isAlive(owner)) {
      const found = `${directory}, which process ${owner} uses`;
      throw VigilError.field(
        'out',
        found,
        `another directory, or this one when the process is gone (${path})`,
      );
    }
    rmSync(path, { force: true });
  }
  throw VigilError.field('out', `${directory}, which another process just took`, 'another directory');
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
