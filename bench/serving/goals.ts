/** What the service should do beside other model servers in the same run. */
import type { RateRow } from './rates.ts';
import { PEERS, type PeerName } from './servers/server.ts';

/** Least ratio of requests a second, by number in flight. */
const LEAST: Readonly<Record<PeerName, Readonly<Record<number, number>>>> = {
  triton: { 1: 5, 16: 3, 64: 2.5 },
  mlserver: { 1: 4, 16: 4, 64: 4 },
  kserve: { 1: 1.3, 16: 2.5, 64: 3 },
};

export interface PeerVerdict {
  readonly peer: PeerName;
  readonly inFlight: number;
  /** Ours / theirs. */
  readonly ratio: number;
  readonly least: number;
  readonly ourP99Ms: number;
  readonly theirP99Ms: number;
  /** The ratio is reached, with a lower p99, and nobody's calls failed on our side. */
  readonly met: boolean;
}

/**
 * Compares by the method that all speak; where we were not asked by it, by Classify. Numbers in flight without a goal
 * have no verdict.
 */
export function peerVerdicts(rows: readonly RateRow[]): PeerVerdict[] {
  const find = (server: string, method: string, inFlight: number): RateRow | undefined =>
    rows.find((row) => row.server === server && row.method === method && row.inFlight === inFlight);
  return PEERS.flatMap((peer) =>
    Object.entries(LEAST[peer]).flatMap(([text, least]) => {
      const inFlight = Number(text);
      const theirs = find(peer, 'ModelInfer', inFlight);
      const ours = find('vigil', 'ModelInfer', inFlight) ?? find('vigil', 'Classify', inFlight);
      if (!theirs || !ours) return [];
      const ratio = ours.rps / theirs.rps;
      const met = ratio >= least && ours.p99Ms < theirs.p99Ms && ours.errors === 0;
      return { peer, inFlight, ratio, least, ourP99Ms: ours.p99Ms, theirP99Ms: theirs.p99Ms, met };
    }),
  );
}
