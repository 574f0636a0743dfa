import { fileURLToPath } from 'node:url';
import { siblingModule } from '../../../services/child-module.ts';
import { projectVersion } from '../../../services/project.ts';
import { forkServer } from './forked-server.ts';
import type { BenchServer } from './server.ts';
import type { StubOrder } from './stub-process.ts';

const PROCESS = fileURLToPath(siblingModule(import.meta.url, 'stub-process'));

/** Vigil's gateway with its engine stubbed. */
export async function startStub(data: string): Promise<BenchServer> {
  const server = await forkServer(PROCESS, { data } satisfies StubOrder);
  const infer = { model: 'stable', input: 'samples', output: 'probabilities' };
  return { name: 'vigil', version: `vigil ${projectVersion()} (no engine)`, infer, ...server };
}
