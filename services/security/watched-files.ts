/** Files whose content is used again when it changes: keys and certificates are renewed while the server runs. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { VigilError } from '../../src/errors.ts';
import type { Logger } from '../observability/logger.ts';

/** Setting → path. */
export type FilesBySetting = Readonly<Record<string, string>>;

export interface WatchSettings<T> {
  readonly files: FilesBySetting;
  /** Makes the value from the contents, in the order of `files`; throws when they are not fit for use. */
  readonly parse: (contents: readonly Buffer[]) => T;
  /** Hears of every later value. */
  readonly onChange?: (value: T) => void;
  readonly refreshMs: number;
  readonly log: Logger;
}

/**
 * Reads the files again every `refreshMs` instead of waiting for events: mounted secrets are swapped by links, and
 * network file systems send none. Files that cannot be read or used leave the last good value in place; the log says
 * why, once for each content.
 */
export class WatchedFiles<T> {
  #value: T;
  /** Of the last attempt, good or bad. */
  #tried: readonly Buffer[];
  #unreadable = '';
  readonly #settings: WatchSettings<T>;
  readonly #timer: NodeJS.Timeout;
  #reading: Promise<void> | undefined;

  /** Reads and parses at once. Errors: FIELD_INVALID naming the setting, and whatever `parse` throws. */
  constructor(settings: WatchSettings<T>) {
    this.#settings = settings;
    this.#tried = Object.entries(settings.files).map(([setting, path]) => readFirst(setting, path));
    this.#value = settings.parse(this.#tried);
    this.#timer = setInterval(() => void this.refresh(), settings.refreshMs);
    this.#timer.unref();
  }

  /** The last good value. */
  get value(): T {
    return this.#value;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Looks at the files now; never rejects. */
  refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    const { files, parse, onChange, log } = this.#settings;
    const settings = Object.keys(files);
    let contents: Buffer[];
    try {
      contents = await Promise.all(Object.values(files).map((path) => readFile(path)));
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#unreadable)
        log.error({ settings, reason: message }, 'files cannot be read; the last ones stay in use');
      this.#unreadable = message;
      return;
    }
    this.#unreadable = '';
    if (contents.every((content, i) => content.equals(this.#tried[i]!))) return;
    this.#tried = contents;
    try {
      this.#value = parse(contents);
      onChange?.(this.#value);
      log.info({ settings }, 'changed files are in use');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.error({ settings, reason }, 'changed files cannot be used; the last good ones stay in use');
    }
  }
}

function readFirst(setting: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const found = `${JSON.stringify(path)}, which cannot be read (${(cause as NodeJS.ErrnoException).code})`;
    throw VigilError.field(setting, found, 'the path of a file that the server may read');
  }
}
