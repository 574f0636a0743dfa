import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startSettings } from '../../src/tensor/tensorflow/environment.ts';
import { EXEC_ARGV, siblingModule } from '../child-module.ts';
import { mostInstances } from './most-instances.ts';
import type { EngineProcessSettings } from './protocol.ts';

const WORKER = fileURLToPath(siblingModule(import.meta.url, 'worker'));

/** Starts an engine process. Libraries of a GPU engine are found by what is set when the process starts. */
export function forkWorker(settings: EngineProcessSettings): ChildProcess {
  const { engine, device, threads, role, graphCache } = settings;
  const own = { engine, device, threads, role, graphCache } satisfies EngineProcessSettings;
  return fork(WORKER, [], {
    serialization: 'advanced',
    execArgv: [...EXEC_ARGV],
    // From BATCH_DESCRIPTOR on the batch channels' sockets.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', ...Array<'pipe'>(mostInstances(settings)).fill('pipe')],
    env: { ...process.env, ...startSettings(process.env), VIGIL_ENGINE_PROCESS: JSON.stringify(own) },
  });
}
