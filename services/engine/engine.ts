import type { TrainingUpdate } from '../../src/training/progress.ts';
import type { EngineCall, EngineCalls, EngineInfo, StepTimes } from './protocol.ts';

/** Why a process ended: by itself, killed because it did not answer, or replaced because of its memory. */
export type EngineFault = 'exit' | 'hang' | 'memory';

/** The gateway's view of one engine process, whatever happens to the process. */
export interface EngineClient {
  readonly role: 'serve' | 'train' | 'both';
  /** Undefined while the process is away. */
  readonly info: EngineInfo | undefined;
  /**
   * Sends one request and waits for its reply. Rejects with ENGINE_UNAVAILABLE at once when the process is away, or
   * when it dies before it replies; with the engine's own `VigilError`; or with CANCELLED when `signal` aborts (the
   * reply is then dropped).
   */
  call<C extends EngineCall>(
    call: C,
    payload: EngineCalls[C]['request'],
    signal?: AbortSignal,
  ): Promise<EngineCalls[C]['reply']>;
  /** Called each time a process is ready, the first time too; returns the unsubscriber. */
  onUp(listener: (info: EngineInfo) => void): () => void;
  /** Called each time a process goes away, with why. One that is replaced may still answer what it was asked before. */
  onDown(listener: (reason: string, fault: EngineFault) => void): () => void;
  onTraining(listener: (run: string, update: TrainingUpdate, times: StepTimes) => void): () => void;
}
