/** A server that is measured: a process of its own that answers on a port. */
import type { InferNames } from '../requests.ts';

export const SERVERS = ['vigil', 'noop', 'triton', 'mlserver', 'kserve'] as const;
export type ServerName = (typeof SERVERS)[number];
export const PEERS = ['triton', 'mlserver', 'kserve'] as const;
export type PeerName = (typeof PEERS)[number];

export interface BenchServer {
  readonly name: ServerName;
  /** What runs, with its version. */
  readonly version: string;
  /** HOST:PORT of gRPC. */
  readonly address: string;
  readonly infer: InferNames;
  readonly pid: number;
  /** Ends it, and waits until it is gone. */
  stop(): Promise<void>;
}

/** A server, or why it takes no part. */
export type Provided = BenchServer | { readonly name: ServerName; readonly missing: string };

export const isMissing = (found: Provided): found is Extract<Provided, { missing: string }> =>
  'missing' in found;

/** A server that cannot be had is a line of the results, not the end of the run. */
export async function orMissing(name: ServerName, start: () => Promise<Provided>): Promise<Provided> {
  try {
    return await start();
  } catch (error) {
    return { name, missing: (error as Error).message };
  }
}
