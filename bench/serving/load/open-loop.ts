import { setTimeout as sleep } from 'node:timers/promises';
import type { Lanes } from './lanes.ts';
import type { OpenLoop } from './plan.ts';
import type { Tally } from './tally.ts';

/** Calls that may be under way at once; what the schedule adds beyond them is counted as refused here. */
const MOST_UNDER_WAY = 50_000;
/** After the last call was sent, the others get so long to end. */
const LAST_ANSWERS_MS = 5000;

interface Call {
  readonly due: number;
  readonly sent: number;
  /** Due within the measurement. */
  readonly counts: boolean;
}

/**
 * Starts calls by the clock until `signal` aborts. Latency counts from when a call was due, so that a server that
 * stalls cannot hide the calls that it kept from being sent. A call counts when it was due within the measurement.
 */
export async function runOpen(
  lanes: Lanes,
  loop: OpenLoop,
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  const gap = 1000 / loop.perSecond;
  const under = new Set<Call>();
  let due = performance.now();
  let wake = (): void => {};
  const start = (call: Call): void => {
    under.add(call);
    lanes.send((outcome) => {
      under.delete(call);
      if (call.counts) tally.count(outcome, call.due, call.sent, performance.now());
      if (under.size === 0) wake();
      // Timers are a millisecond coarse; answers tell the time more often.
      if (!signal.aborted) sendDue();
    }, call.due);
  };
  let sending = false;
  const sendDue = (): void => {
    // Calls that end at once would start the next ones from within themselves.
    if (sending) return;
    sending = true;
    for (const now = performance.now(); due <= now; due += gap) {
      const counts = tally.covers(due);
      const call = { due, sent: performance.now(), counts };
      if (under.size < MOST_UNDER_WAY) start(call);
      else if (counts) tally.count('refused', due, call.sent, call.sent);
    }
    sending = false;
  };
  await new Promise<void>((resolve) => {
    const timer = setInterval(sendDue, 1);
    const stop = (): void => {
      clearInterval(timer);
      // What was due by now is sent now: a generator that was held up must not leave out the calls that show it.
      sendDue();
      resolve();
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
  if (under.size > 0) {
    const ended = new Promise<void>((resolve) => {
      wake = resolve;
    });
    await Promise.race([ended, sleep(LAST_ANSWERS_MS, undefined, { ref: false })]);
  }
  const now = performance.now();
  for (const call of under) if (call.counts) tally.count('unanswered', call.due, call.sent, now);
}
