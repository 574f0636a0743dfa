import { spawn } from 'node:child_process';

export interface CommandResult {
  /** Null when a signal ended it. */
  readonly code: number | null;
  /** The last of stdout and stderr together, at most 64 KiB. */
  readonly output: string;
}

const KEPT = 64 * 1024;

/** Runs a program to its end. Undefined when there is no such program. */
export function runCommand(
  program: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
): Promise<CommandResult | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text) => {
        output = (output + String(text)).slice(-KEPT);
      });
    }
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'EACCES') resolve(undefined);
      else reject(error);
    });
    child.once('close', (code) => resolve({ code, output }));
  });
}

/** The last lines that say something. */
export function lastLines(output: string, count: number): string {
  return output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(-count)
    .join(' | ');
}
