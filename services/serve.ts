import { VigilError } from '../src/errors.ts';
import { startApp } from './app.ts';
import { readConfig } from './config.ts';
import { createLogger } from './observability/logger.ts';

/**
 * Runs a server until SIGTERM or SIGINT; a second signal stops the waiting. Resolves with the process's exit code.
 * Errors: FIELD_INVALID (configuration), ENGINE_REFUSED.
 */
export async function serve(environment: Readonly<Record<string, string | undefined>>): Promise<number> {
  const config = readConfig(environment);
  const log = createLogger(config.VIGIL_LOG_LEVEL);
  const app = await startApp(config, log);
  return new Promise((resolve) => {
    let signals = 0;
    const stop = (signal: NodeJS.Signals): void => {
      signals += 1;
      log.info({ signal }, signals === 1 ? 'stopping' : 'stopping at once');
      if (signals > 1) app.force();
      else app.close().then(() => resolve(0));
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    const crash = (error: unknown): void => {
      log.fatal({ err: error }, 'unexpected error');
      app.force();
      app.close().finally(() => resolve(1));
    };
    process.on('uncaughtException', crash);
    process.on('unhandledRejection', crash);
  });
}

/** What a person reads when the server does not start. */
export function startError(error: unknown): string {
  return error instanceof VigilError ? error.message : String(error instanceof Error ? error.stack : error);
}
