import { setTimeout as sleep } from 'node:timers/promises';
import { type Fault, type FaultContext, type FaultRow, recovery, unanswered } from './fault.ts';
import { Traffic } from './traffic.ts';

const CALLERS = 16;
/** Longer than an engine takes to start and load its models. */
const DEADLINE_MS = 10_000;
const BETWEEN_MS = 300;

/** Sends a signal to the serving engine again and again while callers classify. */
async function signalEngine(
  name: string,
  signal: 'SIGKILL' | 'SIGSTOP',
  deadlineMs: number,
  context: FaultContext,
): Promise<FaultRow> {
  const { victim, request, times, say } = context;
  const traffic = new Traffic(victim.address, request, CALLERS, deadlineMs);
  const recoveries: number[] = [];
  for (let time = 1; time <= times; time++) {
    await traffic.nextAnswer();
    await sleep(BETWEEN_MS);
    const back = victim.said(({ msg, role }) => msg === 'engine ready' && role === 'serve');
    const began = performance.now();
    process.kill(victim.engine('serve'), signal);
    await back;
    await traffic.nextAnswer();
    recoveries.push(performance.now() - began);
    say(`${name} ${time} of ${times}: ${Math.round(recoveries.at(-1)!)} ms`);
  }
  const report = await traffic.end();
  return {
    fault: name,
    times,
    traffic: report,
    lost: unanswered(report),
    recoveryMs: recovery(recoveries),
    checked: `every call of ${CALLERS} callers with a deadline of ${deadlineMs / 1000} s is answered, each time the same`,
  };
}

export const ENGINE_KILLED: Fault = {
  name: 'serving engine killed (SIGKILL) under load',
  times: 50,
  run: (context) => signalEngine(ENGINE_KILLED.name, 'SIGKILL', DEADLINE_MS, context),
};

export const ENGINE_HANGS: Fault = {
  name: 'serving engine hangs (SIGSTOP) under load',
  times: 3,
  run: (context) => signalEngine(ENGINE_HANGS.name, 'SIGSTOP', 60_000, context),
};
