import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { EXEC_ARGV, siblingModule } from '../../../services/child-module.ts';
import type { LoadMessage, LoadPlan, LoadReport } from './plan.ts';

/** A load that runs in a process of its own. */
export interface RunningLoad {
  /** Resolves when warm-up is over. */
  readonly measuring: Promise<void>;
  readonly report: Promise<LoadReport>;
}

const PROCESS = fileURLToPath(siblingModule(import.meta.url, 'load-process'));
/** Beyond its plan, a load gets so long to start and to hear the last answers. */
const GRACE_MS = 30_000;

/** Starts a load. Its report rejects when the server cannot be reached, or when the process ends without one. */
export function startLoad(plan: LoadPlan): RunningLoad {
  const child = fork(PROCESS, [], {
    serialization: 'advanced',
    execArgv: [...EXEC_ARGV],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const counted = plan.loop.kind === 'closed' && plan.loop.calls !== undefined;
  const limit = counted
    ? undefined
    : setTimeout(() => child.kill('SIGKILL'), plan.warmUpMs + plan.measureMs + GRACE_MS);
  let began = (): void => {};
  const report = new Promise<LoadReport>((resolve, reject) => {
    child.on('message', (message: LoadMessage) => {
      if (message.kind === 'measuring') began();
      else if (message.kind === 'report') resolve(message.report);
      else reject(new Error(message.message));
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(limit);
      reject(new Error(`the load process ended without a report (${signal ?? code})`));
    });
  });
  const measuring = new Promise<void>((resolve, reject) => {
    began = resolve;
    report.catch(reject);
  });
  measuring.catch(() => {});
  report.catch(() => {});
  child.send(plan);
  return { measuring, report };
}

export const load = (plan: LoadPlan): Promise<LoadReport> => startLoad(plan).report;
