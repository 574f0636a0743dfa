/** Lowered graphs on disk. Whatever goes wrong there costs a compilation, never more. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoweredGraph } from './lower.ts';

export interface GraphCacheSettings {
  /** Made when it is needed; belongs to the cache alone. */
  readonly directory: string;
  /** Most bytes of all entries; what was used longest ago goes first. At 0 nothing is kept. */
  readonly maxBytes: number;
}

const DIGEST_BYTES = 32;
const LENGTH_BYTES = 4;
/** A temporary file that is so much older than the newest entry has lost its writer. */
const ABANDONED_MS = 3_600_000;

let written = 0;

/**
 * One file an entry, named by the graph's key: SHA-256 of key and content, length of the description, description
 * (JSON), model. Entries are written beside their place and renamed into it, so that several processes can share a
 * directory; one that is truncated, altered or misplaced fails its hash, is deleted and compiled anew.
 */
export class GraphCache {
  readonly #settings: GraphCacheSettings;
  readonly #onTrouble: (text: string) => void;
  readonly #said = new Set<string>();

  /** `onTrouble` hears of each kind of trouble once. */
  constructor(settings: GraphCacheSettings, onTrouble: (text: string) => void) {
    this.#settings = settings;
    this.#onTrouble = onTrouble;
  }

  /** Undefined when there is no entry that can be trusted. */
  async read(key: string): Promise<LoweredGraph | undefined> {
    const path = this.#path(key);
    let file: Buffer;
    try {
      file = await readFile(path);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') this.#trouble('cannot read from', error);
      return undefined;
    }
    const content = file.subarray(DIGEST_BYTES);
    if (!digestOf(key, content).equals(file.subarray(0, DIGEST_BYTES))) {
      this.#trouble('found a damaged entry in', new Error(`${key} is compiled anew`));
      await rm(path, { force: true }).catch(() => {});
      return undefined;
    }
    // For the order of pruning; an entry that cannot be touched is still good.
    await utimes(path, new Date(), new Date()).catch(() => {});
    return unpack(content);
  }

  /** Keeps an entry if it can. */
  async write(key: string, graph: LoweredGraph): Promise<void> {
    const { directory, maxBytes } = this.#settings;
    const content = pack(graph);
    const size = DIGEST_BYTES + content.length;
    if (size > maxBytes) return;
    const temporary = join(directory, `${key}.${process.pid}-${written++}.tmp`);
    try {
      await mkdir(directory, { recursive: true });
      await writeFile(temporary, Buffer.concat([digestOf(key, content), content]));
      await rename(temporary, this.#path(key));
      await this.#prune();
    } catch (error) {
      this.#trouble('cannot write to', error);
      await rm(temporary, { force: true }).catch(() => {});
    }
  }

  async #prune(): Promise<void> {
    const { directory, maxBytes } = this.#settings;
    const names = (await readdir(directory)).filter((name) => /\.(graph|tmp)$/.test(name));
    const found = await Promise.all(
      names.map(async (name) => {
        const path = join(directory, name);
        // Another process may have pruned it meanwhile.
        const { size, mtimeMs } = await stat(path).catch(() => ({ size: 0, mtimeMs: 0 }));
        return { path, size, mtimeMs, isEntry: name.endsWith('.graph') };
      }),
    );
    const newest = Math.max(...found.map(({ mtimeMs }) => mtimeMs));
    const abandoned = found.filter((file) => !file.isEntry && newest - file.mtimeMs > ABANDONED_MS);
    const entries = found.filter(({ isEntry }) => isEntry).sort((a, b) => b.mtimeMs - a.mtimeMs);
    let total = 0;
    const tooMany = entries.filter(({ size }) => {
      total += size;
      return total > maxBytes;
    });
    for (const { path } of [...abandoned, ...tooMany]) await rm(path, { force: true });
  }

  #path(key: string): string {
    return join(this.#settings.directory, `${key}.graph`);
  }

  #trouble(what: string, error: unknown): void {
    const kind = `${what} ${codeOf(error)}`;
    if (this.#said.has(kind)) return;
    this.#said.add(kind);
    const reason = error instanceof Error ? error.message : String(error);
    this.#onTrouble(`${what} the graph cache ${this.#settings.directory}: ${reason}`);
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

/** The key is part of it: an entry under another name is no entry. */
function digestOf(key: string, content: Uint8Array): Buffer {
  return createHash('sha256').update(key).update(content).digest();
}

function pack({ model, nodes, ...rest }: LoweredGraph): Buffer {
  const description = Buffer.from(JSON.stringify({ ...rest, nodes: [...nodes] }));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(description.length);
  return Buffer.concat([length, description, model]);
}

/** Of what `pack` made: the digest holds it, and the key names the compiler that wrote it, so the form is known. */
function unpack(content: Buffer): LoweredGraph {
  const end = LENGTH_BYTES + content.readUInt32LE();
  const { nodes, ...rest } = JSON.parse(content.toString('utf8', LENGTH_BYTES, end)) as Omit<
    LoweredGraph,
    'model' | 'nodes'
  > & { nodes: [string, number][] };
  return { ...rest, nodes: new Map(nodes), model: content.subarray(end) };
}
