/** Another model server, in Python, with the same ONNX file in the same number of threads. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectRoot } from '../../../services/project.ts';
import { probe } from '../probe.ts';
import { provideEnvironment } from './install-peer.ts';
import type { BenchServer, PeerName, Provided } from './server.ts';

/** What `announce.py` says. */
interface Announcement {
  readonly serving: string;
  readonly port: number;
  readonly model: string;
  readonly input: string;
  readonly output: string;
}

export interface PeerSettings {
  readonly onnx: string;
  readonly threads: number;
  /** Where environments are. */
  readonly cache: string;
  readonly install: boolean;
  /** Where its output goes. */
  readonly log: string;
  readonly say: (line: string) => void;
}

const START_MS = 60_000;
const ASK_MS = 250;
const LEAVE_MS = 10_000;

/** Ends when its stdin does; killed when it does not. */
async function end(child: ChildProcess, gone: Promise<void>): Promise<void> {
  child.stdin?.end();
  const limit = setTimeout(() => signalGroup(child), LEAVE_MS);
  await gone;
  clearTimeout(limit);
  // Processes that it started and left behind.
  signalGroup(child);
}

function signalGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Everybody is gone.
  }
}

/** Starts it and waits until it answers. */
export async function startPeer(name: PeerName, settings: PeerSettings): Promise<Provided> {
  const { onnx, threads, cache, install, log: logFile, say } = settings;
  const environment = await provideEnvironment(name, cache, install, say);
  if ('missing' in environment) return { name, missing: environment.missing };
  const script = join(projectRoot(), 'bench', 'peers', 'serving', `${name}_peer.py`);
  const log = createWriteStream(logFile);
  const child = spawn(environment.python, [script, onnx, String(threads)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own, so that what it starts ends with it.
    detached: true,
  });
  child.stdin.on('error', () => {});
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const killed = (): void => signalGroup(child);
  process.once('exit', killed);
  let lastLine = '';
  const announced = new Promise<Announcement>((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        log.write(`${line}\n`);
        // Triton's own log may be around it in the same line.
        const announcement = /\{"serving"[^}]*\}/.exec(line)?.[0];
        if (announcement !== undefined) resolve(JSON.parse(announcement) as Announcement);
        else if (line.trim() !== '') lastLine = line;
      });
  });
  const stop = async (): Promise<void> => {
    await end(child, gone);
    process.off('exit', killed);
    await new Promise((resolve) => log.end(resolve));
  };
  const ended = gone.then(() => {
    throw new Error(`it ended: ${lastLine}`);
  });
  ended.catch(() => {});
  const tooLong = AbortSignal.timeout(START_MS);
  const late = new Promise<never>((_, reject) =>
    tooLong.addEventListener('abort', () =>
      reject(new Error(`it did not serve in ${START_MS / 1000} s: ${lastLine}`)),
    ),
  );
  late.catch(() => {});
  try {
    const { serving, port, model, input, output } = await Promise.race([announced, ended, late]);
    const infer = { model, input, output };
    const server: BenchServer = {
      name,
      version: serving,
      address: `127.0.0.1:${port}`,
      infer,
      pid: child.pid!,
      stop,
    };
    const answers = async (): Promise<void> => {
      for (let reason = await probe(server, 'ModelInfer'); reason !== undefined; ) {
        if (tooLong.aborted) throw new Error(`it does not answer: ${reason}`);
        await sleep(ASK_MS);
        reason = await probe(server, 'ModelInfer');
      }
    };
    await Promise.race([answers(), ended]);
    return server;
  } catch (error) {
    await stop();
    throw error;
  }
}
