/** How fast the load generator itself is, so that nobody takes its limit for a server's. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { rounded } from '../machine.ts';
import type { BenchContext } from './bench-context.ts';
import { load } from './load/start-load.ts';
import { METHODS, requestOf } from './requests.ts';
import type { BenchServer } from './servers/server.ts';

export interface Ceiling {
  readonly inFlight: number;
  /** Against the no-op. */
  readonly rps: number;
  /** Calls a second that the generator's own processor time would allow. */
  readonly rpsOfOneCore: number;
  /** The same load by nghttp2's h2load, or why there is none. */
  readonly h2load: { readonly rps: number } | { readonly missing: string };
}

const IN_FLIGHT = 64;
const run = promisify(execFile);

async function h2load(bench: BenchContext, noop: BenchServer): Promise<Ceiling['h2load']> {
  const { pace, method } = bench.settings;
  const message = requestOf(method, noop.infer);
  const body = Buffer.alloc(5 + message.length);
  body.writeUInt32BE(message.length, 1);
  body.set(message, 5);
  const file = bench.file('body.bin');
  await writeFile(file, body);
  const seconds = Math.max(1, Math.round(pace.measureMs / 1000));
  const headers = ['-H', 'content-type: application/grpc', '-H', 'te: trailers'];
  const url = `http://${noop.address}${METHODS[method]}`;
  const shape = ['-n0', '-D', String(seconds), '--warm-up-time=1s', '-c1', `-m${IN_FLIGHT}`, '-d', file];
  try {
    const { stdout } = await run('h2load', [...shape, ...headers, url]);
    const found = /finished in [\d.]+m?s, ([\d.]+) req\/s/.exec(stdout);
    return found ? { rps: rounded(Number(found[1])) } : { missing: 'its output is not understood' };
  } catch (error) {
    const { code, message: reason } = error as NodeJS.ErrnoException;
    return { missing: code === 'ENOENT' ? 'it is not installed' : reason };
  }
}

export async function measureCeiling(bench: BenchContext, noop: BenchServer): Promise<Ceiling> {
  const { rps, cpuShare } = await load(bench.plan(noop, { kind: 'closed', inFlight: IN_FLIGHT }));
  return {
    inFlight: IN_FLIGHT,
    rps: rounded(rps),
    rpsOfOneCore: rounded(rps / cpuShare),
    h2load: await h2load(bench, noop),
  };
}
