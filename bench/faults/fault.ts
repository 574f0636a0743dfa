import type { Clients } from '../../services/client/clients.ts';
import type { TrafficReport } from './traffic.ts';
import type { Victim } from './victim.ts';

/** What a fault has at hand. */
export interface FaultContext {
  readonly victim: Victim;
  /** Reconnects by themselves. */
  readonly clients: Clients;
  /** An encoded ClassifyRequest that succeeds. */
  readonly request: Buffer;
  readonly directory: string;
  /** Times that the fault happens, where that can be chosen. */
  readonly times: number;
  readonly say: (line: string) => void;
}

export interface FaultRow {
  readonly fault: string;
  readonly times: number;
  /** What callers saw meanwhile; undefined where nobody called. */
  readonly traffic?: TrafficReport | undefined;
  /** Things that were acknowledged and are not there any more. Anything but 0 is a bug. */
  readonly lost: number;
  /** From each fault to the next answer, or until what it hit works again. */
  readonly recoveryMs?: { readonly median: number; readonly longest: number } | undefined;
  /** What was looked at, in words. */
  readonly checked: string;
}

/** One fault: what is done to the server, and what must hold. Throws when it cannot be tried here, saying why. */
export interface Fault {
  readonly name: string;
  readonly times: number;
  /** Environment variables of the server. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly run: (context: FaultContext) => Promise<FaultRow>;
}

/** A fault that cannot be tried on this machine. */
export class CannotTry extends Error {}

/** Calls that did not end with the one right answer. */
export function unanswered({ requests, answered, different }: TrafficReport): number {
  return requests - answered + different;
}

export function recovery(milliseconds: readonly number[]): { median: number; longest: number } {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  return {
    median: Math.round(sorted[Math.floor(sorted.length / 2)]!),
    longest: Math.round(sorted.at(-1)!),
  };
}
