/** A server in a process of its own that is made to suffer: killed, stopped, started again on the same directory. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { EXEC_ARGV, siblingModule } from '../../services/child-module.ts';

interface LogLine {
  readonly msg?: string;
  readonly role?: string;
  readonly pid?: number;
}

const MAIN = fileURLToPath(siblingModule(import.meta.url, '../../services/main'));

export class Victim {
  /** The same over all restarts. */
  readonly address: string;
  readonly ops: string;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #log: WriteStream;
  readonly #engines = new Map<string, number>();
  readonly #listeners = new Set<(line: LogLine) => void>();
  #child: ChildProcess | undefined;
  #gone: Promise<void> = Promise.resolve();

  private constructor(ports: readonly [number, number], settings: Record<string, string>, logFile: string) {
    this.address = `127.0.0.1:${ports[0]}`;
    this.ops = `http://127.0.0.1:${ports[1]}`;
    this.#settings = {
      VIGIL_GRPC_ADDRESS: this.address,
      VIGIL_HTTP_ADDRESS: `127.0.0.1:${ports[1]}`,
      VIGIL_LOG_LEVEL: 'info',
      ...settings,
    };
    this.#log = createWriteStream(logFile, { flags: 'a' });
    process.once('exit', () => void this.#child?.kill('SIGKILL'));
  }

  /** Starts and waits until it serves. `settings` are environment variables; VIGIL_DATA_DIR is needed. */
  static async start(settings: Record<string, string>, logFile: string): Promise<Victim> {
    const victim = new Victim([await freePort(), await freePort()], settings, logFile);
    await victim.start();
    return victim;
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  /** Process id of the engine with the role. */
  engine(role: 'serve' | 'train'): number {
    const pid = this.#engines.get(role);
    if (pid === undefined) throw new Error(`no engine with role ${role}`);
    return pid;
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [...EXEC_ARGV, MAIN], {
      env: { ...process.env, ...this.#settings },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    this.#gone = new Promise((resolve) => child.once('close', () => resolve()));
    let last = '';
    createInterface({ input: child.stderr }).on('line', (text) => {
      this.#log.write(`${text}\n`);
      last = text;
      if (!text.startsWith('{')) return;
      const line = JSON.parse(text) as LogLine;
      if (line.msg === 'engine ready') this.#engines.set(line.role!, line.pid!);
      for (const listener of [...this.#listeners]) listener(line);
    });
    const dead = this.#gone.then(() => Promise.reject(new Error(`the server ended: ${last}`)));
    await Promise.race([this.said(({ msg }) => msg === 'serving'), dead]);
    dead.catch(() => {});
  }

  /** Resolves at the next log line that fits. */
  said(fits: (line: LogLine) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const listener = (line: LogLine): void => {
        if (!fits(line)) return;
        this.#listeners.delete(listener);
        resolve();
      };
      this.#listeners.add(listener);
    });
  }

  /** Sends a signal and, where it ends the process, waits for the end. */
  async kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#child?.kill(signal);
    await this.#gone;
  }

  async end(): Promise<void> {
    await this.kill('SIGTERM');
    await new Promise<void>((resolve) => this.#log.end(resolve));
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
