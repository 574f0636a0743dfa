import { runClosed } from './closed-loop.ts';
import { requestBlock } from './hpack.ts';
import { Lanes } from './lanes.ts';
import { runOpen } from './open-loop.ts';
import type { LoadPlan, LoadReport } from './plan.ts';
import { Tally } from './tally.ts';

/** gRPC's prefix: not compressed, length. */
function framed(message: Uint8Array): Buffer {
  const body = Buffer.alloc(5 + message.length);
  body.writeUInt32BE(message.length, 1);
  body.set(message, 5);
  return body;
}

/** Does what the plan says. Rejects when the server cannot be reached. `onMeasuring`: warm-up is over. */
export async function runLoad(plan: LoadPlan, onMeasuring: () => void): Promise<LoadReport> {
  const { address, path, message, loop, connections, warmUpMs, measureMs, timeoutMs } = plan;
  const call = {
    headers: requestBlock(address, path, timeoutMs),
    body: framed(message),
    timeoutMs: timeoutMs ?? Number.POSITIVE_INFINITY,
  };
  const lanes = await Lanes.open(address, call, connections);
  const tally = new Tally(timeoutMs);
  const stop = new AbortController();
  const timers = [
    setTimeout(() => {
      tally.begin(performance.now());
      onMeasuring();
    }, warmUpMs),
  ];
  const counted = loop.kind === 'closed' && loop.calls !== undefined;
  if (!counted)
    timers.push(
      setTimeout(() => {
        stop.abort();
        tally.end(performance.now());
      }, warmUpMs + measureMs),
    );
  try {
    if (loop.kind === 'closed') await runClosed(lanes, loop, tally, stop.signal);
    else await runOpen(lanes, loop, tally, stop.signal);
  } finally {
    for (const timer of timers) clearTimeout(timer);
    lanes.close();
    tally.end(performance.now());
  }
  return tally.report();
}
