/** A contender: a process of its own, idle unless it is asked, so that all can take turns on a noisy machine. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { RequestKind, Requests } from './protocol.ts';

export const DEVICES = ['cpu', 'gpu'] as const;
export type Device = (typeof DEVICES)[number];

/** Who a figure belongs to. */
export interface Identity {
  readonly engine: 'onnxruntime' | 'tensorflow' | 'pytorch';
  /** How PyTorch is written; our engines have none. */
  readonly variant?: string;
  readonly threads: number;
  /** What computes. */
  readonly device: Device;
}

export interface Contender extends Identity {
  /** One request at a time. Rejects with the process's own words when it cannot. */
  ask<K extends RequestKind>(kind: K, request: Requests[K]['request']): Promise<Requests[K]['reply']>;
  /** Ends the process and waits until it is gone. */
  close(): Promise<void>;
}

export const nameOf = ({ engine, variant, device }: Identity): string =>
  [engine, variant, device === 'gpu' ? 'on the GPU' : undefined].filter(Boolean).join(' ');

/** Lines of stderr that are told when a process dies. */
const LAST_WORDS = 12;

/** Starts `command`; what it prints on stderr is kept for the error that names its death. */
export function openContender(identity: Identity, command: string, args: readonly string[]): Contender {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const words: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    words.push(line);
    if (words.length > LAST_WORDS) words.shift();
  });
  let waiting: { resolve: (reply: never) => void; reject: (reason: Error) => void } | undefined;
  const settle = (): typeof waiting => {
    const asked = waiting;
    waiting = undefined;
    return asked;
  };
  createInterface({ input: child.stdout }).on('line', (line) => {
    const reply = JSON.parse(line) as { error?: string };
    const asked = settle();
    if (reply.error === undefined) asked?.resolve(reply as never);
    else asked?.reject(new Error(`${nameOf(identity)}: ${reply.error}`));
  });
  let ended: string | undefined;
  const gone = new Promise<void>((resolve) => {
    const end = (why: string): void => {
      ended ??= `${nameOf(identity)} ended (${why})`;
      settle()?.reject(new Error([ended, ...words].join('\n')));
      resolve();
    };
    child.once('error', (error) => end(error.message));
    child.once('close', (code, signal) => end(signal ?? `exit ${code}`));
  });
  // What a dead process does not read is no failure of its own: `gone` tells.
  child.stdin.on('error', () => {});
  return {
    ...identity,
    ask: (kind, request) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) return reject(new Error([ended, ...words].join('\n')));
        waiting = { resolve, reject };
        child.stdin.write(`${JSON.stringify({ do: kind, ...request })}\n`);
      }),
    close: async () => {
      child.stdin.end();
      await gone;
    },
  };
}
