import { VigilError } from '../src/errors.ts';
import { type App, startApp } from './app.ts';
import { readConfig } from './config.ts';
import { tuneGarbageCollection } from './garbage-collection.ts';
import { createLogger } from './observability/logger.ts';

/**
 * Runs a server until SIGTERM or SIGINT; a second signal stops the waiting. Resolves with the process's exit code.
 * Errors: FIELD_INVALID (configuration), ENGINE_REFUSED.
 */
export async function serve(environment: Readonly<Record<string, string | undefined>>): Promise<number> {
  const config = readConfig(environment);
  const log = createLogger(config.VIGIL_LOG_LEVEL);
  tuneGarbageCollection();
  let app: App | undefined;
  let signals = 0;
  let exit = (_code: number): void => {};
  const stop = (): void => {
    if (!app || signals === 0) return;
    if (signals > 1) app.force();
    app.close().then(() => exit(0));
  };
  const signalled = (signal: NodeJS.Signals): void => {
    signals += 1;
    log.info({ signal, atOnce: signals > 1 }, 'signal');
    stop();
  };
  const crashed = (error: unknown): void => {
    log.fatal({ err: error }, 'unexpected error');
    app?.force();
    app?.close().finally(() => exit(1));
  };
  // Before anything starts: a signal that comes early stops what has started by then.
  process.on('SIGTERM', signalled);
  process.on('SIGINT', signalled);
  app = await startApp(config, log);
  process.on('uncaughtException', crashed);
  process.on('unhandledRejection', crashed);
  return new Promise((resolve) => {
    exit = resolve;
    stop();
  });
}

/** What a person reads when the server does not start. */
export function startError(error: unknown): string {
  return error instanceof VigilError ? error.message : String(error instanceof Error ? error.stack : error);
}
