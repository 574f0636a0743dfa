import { startChildServer } from '../../../services/cli/child-server.ts';
import { projectVersion } from '../../../services/project.ts';
import type { InferNames } from '../requests.ts';
import type { BenchServer } from './server.ts';

/** As the Open Inference Protocol reaches the stable version. */
const INFER: InferNames = { model: 'stable', input: 'samples', output: 'probabilities' };

export interface VigilServer extends BenchServer {
  /** Of /metrics and /readyz, as a URL. */
  readonly ops: string;
}

/** The built server on a data directory; `settings` are its environment variables. */
export async function startVigil(
  data: string,
  log: string,
  settings: Readonly<Record<string, string>>,
): Promise<VigilServer> {
  const server = await startChildServer(data, log, { VIGIL_LOG_LEVEL: 'info', ...settings });
  const version = `vigil ${projectVersion()} (${server.engine})`;
  const { address, ops, pid, stop } = server;
  return { name: 'vigil', version, address, ops, pid, infer: INFER, stop };
}
