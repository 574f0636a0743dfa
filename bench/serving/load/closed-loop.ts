import type { Lanes } from './lanes.ts';
import type { ClosedLoop } from './plan.ts';
import type { Tally } from './tally.ts';

/**
 * Keeps `inFlight` calls under way until `signal` aborts, or until so many were measured. A call counts when it ends
 * within the measurement. Returns when every call has ended, or the server is gone.
 */
export function runClosed(lanes: Lanes, loop: ClosedLoop, tally: Tally, signal: AbortSignal): Promise<void> {
  const { inFlight, calls = Number.POSITIVE_INFINITY } = loop;
  return new Promise((resolve) => {
    let under = 0;
    let counted = 0;
    let over = signal.aborted;
    const finish = (): void => {
      over = true;
      if (under === 0) resolve();
    };
    const start = (): void => {
      under += 1;
      const sent = performance.now();
      lanes.send((outcome) => {
        const now = performance.now();
        under -= 1;
        if (tally.begun && !tally.over) {
          tally.count(outcome, sent, sent, now);
          counted += 1;
          if (counted >= calls) tally.end(now);
        }
        if (counted >= calls) over = true;
        // One that the server refused or lost is not sent again in this turn: the connection may be going away.
        if (over) return under === 0 ? finish() : undefined;
        if (typeof outcome === 'number' || !lanes.usable) fill();
        else setImmediate(fill);
      }, sent);
    };
    const fill = (): void => {
      while (!over && under < inFlight && lanes.usable) start();
    };
    lanes.onAgain(fill);
    lanes.onGone(finish);
    signal.addEventListener('abort', finish, { once: true });
    if (over) finish();
    else fill();
  });
}
