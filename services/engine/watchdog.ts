/** When an engine process is no longer fit to go on: what the host asks at every heartbeat. */
import type { EngineFault } from './engine.ts';

export interface EngineLimits {
  /** Milliseconds between heartbeats. Default 2,000. */
  readonly heartbeatMs?: number;
  /** A process that says nothing for so long hangs. Default 30,000: the longest step plus a compilation. */
  readonly silentMs?: number;
  /** A process that has batches and answers none for so long hangs. Default 0: no limit. */
  readonly stallMs?: number;
  /** Resident bytes beyond which a process is replaced. Default 0: no limit. */
  readonly maxMemoryBytes?: number;
  /**
   * A process younger than this is not replaced for its memory: its successor would be no smaller, and nothing would
   * be served between them. Default 10,000 ms.
   */
  readonly steadyMs?: number;
}

/** Of the process of the moment; times in milliseconds. */
export interface EngineSigns {
  readonly silentMs: number;
  readonly stalledMs: number;
  readonly upMs: number;
  /** Resident bytes at the last heartbeat. */
  readonly rss: number;
}

/** A process that was up so long has started well. */
export const STEADY_MS = 10_000;

/** Often enough to find a fault within a quarter more than its limit. */
export function beatMs({ heartbeatMs = 2000, silentMs, stallMs }: EngineLimits): number {
  const limits = [silentMs, stallMs].filter((limit) => limit !== undefined && limit > 0) as number[];
  return Math.max(10, Math.min(heartbeatMs, ...limits.map((limit) => limit / 4)));
}

/** Why a process should be replaced; undefined when it should not. */
export function faultOf(
  { silentMs, stalledMs, upMs, rss }: EngineSigns,
  limits: EngineLimits,
): EngineFault | undefined {
  const { silentMs: mostSilentMs = 30_000, stallMs = 0, maxMemoryBytes = 0, steadyMs = STEADY_MS } = limits;
  if (silentMs > mostSilentMs || (stallMs > 0 && stalledMs > stallMs)) return 'hang';
  if (maxMemoryBytes > 0 && rss > maxMemoryBytes && upMs >= steadyMs) return 'memory';
  return undefined;
}
