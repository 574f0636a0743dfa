import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { siblingModule } from '../../../services/child-module.ts';
import { projectRoot } from '../../../services/project.ts';
import { METHOD_NAMES, METHODS, replyOf } from '../requests.ts';
import { forkServer } from './forked-server.ts';
import type { NoopOrder } from './noop-process.ts';
import type { BenchServer } from './server.ts';

const PROCESS = fileURLToPath(siblingModule(import.meta.url, 'noop-process'));

function grpcJsVersion(): string {
  const manifest = join(projectRoot(), 'node_modules', '@grpc', 'grpc-js', 'package.json');
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

/** grpc-js and nothing behind it, with answers as long as Vigil's. */
export async function startNoop(classNames: readonly string[]): Promise<BenchServer> {
  const replies = Object.fromEntries(METHOD_NAMES.map((name) => [METHODS[name], replyOf(name, classNames)]));
  const server = await forkServer(PROCESS, { replies } satisfies NoopOrder);
  const infer = { model: 'stable', input: 'samples', output: 'probabilities' };
  return { name: 'noop', version: `grpc-js ${grpcJsVersion()}`, infer, ...server };
}
