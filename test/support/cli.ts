/** The command line as a process of its own. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TestServer } from './server.ts';

const MAIN = fileURLToPath(new URL('../../services/cli/main.ts', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in `directory` to its end; without a server it is pointed at an address where nobody answers. */
export function runVigil(
  directory: string,
  server: TestServer | undefined,
  args: readonly string[],
  input = '',
): Promise<Outcome> {
  const flags = ['--experimental-transform-types', '--disable-warning=ExperimentalWarning'];
  const address = server ? `127.0.0.1:${server.app.grpcPort}` : '127.0.0.1:1';
  // Without the settings of the test run itself, which are none of the program's.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VIGIL_')));
  const child = spawn(process.execPath, [...flags, MAIN, '--address', address, ...args], {
    cwd: directory,
    env,
  });
  const outcome = { stdout: '', stderr: '' };
  child.stdout.on('data', (text) => {
    outcome.stdout += String(text);
  });
  child.stderr.on('data', (text) => {
    outcome.stderr += String(text);
  });
  child.stdin.end(input);
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...outcome })));
}

export const json = (outcome: Outcome): unknown => JSON.parse(outcome.stdout);
