/** One piece of work on a thread of its own: what would hold up every call. */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { VigilError } from '../src/errors.ts';
import { EXEC_ARGV } from './child-module.ts';
import type { WireError } from './engine/protocol.ts';
import { fromWireError, toWireError } from './engine/wire-error.ts';

interface ThreadData<T> {
  readonly module: string;
  readonly task: T;
}
type Answer<R> = { readonly result: R } | { readonly error: WireError };

/** Runs `module`, which calls `answerTask`, on a thread. Errors: the work's own, or the signal's reason. */
export async function runOnThread<T, R>(module: URL, task: T, signal?: AbortSignal): Promise<R> {
  signal?.throwIfAborted();
  const data: ThreadData<T> = { module: module.href, task };
  const worker = new Worker(module, { workerData: data, execArgv: [...EXEC_ARGV] });
  try {
    const answer = await new Promise<Answer<R>>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new VigilError('INTERNAL', `the thread ended with code ${code}`)));
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    if ('error' in answer) throw fromWireError(answer.error);
    return answer.result;
  } finally {
    await worker.terminate();
  }
}

/** Does the work where this is the thread that was started for the module at `url`; elsewhere nothing. */
export function answerTask<T, R>(url: string, work: (task: T) => R): void {
  if (isMainThread || !parentPort) return;
  const { module, task } = workerData as ThreadData<T>;
  if (module !== url) return;
  let answer: Answer<R>;
  try {
    answer = { result: work(task) };
  } catch (error) {
    answer = { error: toWireError(error) };
  }
  parentPort.postMessage(answer);
}
