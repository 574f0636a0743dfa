/** A load generator as a process of its own, forked by `start-load.ts`: one plan, one report, gone. */
import type { LoadMessage, LoadPlan } from './plan.ts';
import { runLoad } from './run-load.ts';

const send = (message: LoadMessage): void => {
  process.send?.(message, () => {
    if (message.kind !== 'measuring') process.disconnect();
  });
};

// A signal to the group stops the benchmark in order; it ends this process by closing the channel.
process.on('SIGINT', () => {});
process.once('disconnect', () => process.exit(0));
process.once('message', (plan: LoadPlan) => {
  runLoad(plan, () => send({ kind: 'measuring' })).then(
    (report) => send({ kind: 'report', report }),
    (error: Error) => send({ kind: 'failed', message: error.message }),
  );
});
