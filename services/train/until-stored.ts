import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { diskFullError } from '../../src/disk-full.ts';

const AGAIN_MS = 1000;

/** Repeats what a full disk refuses until there is room or the server stops: how a run ended must not be forgotten. */
export async function untilStored(
  work: () => Promise<void>,
  stopping: () => boolean,
  log: Logger,
): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (stopping() || !diskFullError(error)) throw error;
      log.error({ err: error }, 'the disk is full; how the run ended cannot be stored yet');
      await sleep(AGAIN_MS, undefined, { ref: false });
    }
  }
}
