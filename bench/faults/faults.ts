/** Does to a server what happens to servers, and tells what was lost. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '../../services/client/client.ts';
import { clientsOf } from '../../services/client/clients.ts';
import { type Provenance, provenance } from '../machine.ts';
import { HALF_OPEN, SLOW_LORIS } from './bad-clients.ts';
import { CLOCK_JUMP } from './clock-jump.ts';
import { CORRUPT_BUNDLE } from './corrupt-bundle.ts';
import { ENGINE_HANGS, ENGINE_KILLED } from './engine-faults.ts';
import { CannotTry, type Fault, type FaultRow } from './fault.ts';
import { FULL_DISK } from './full-disk.ts';
import { GATEWAY_KILLED } from './gateway-killed.ts';
import { prepare } from './prepare.ts';
import { Victim } from './victim.ts';

/** By the name that the command line knows. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  'engine-killed': ENGINE_KILLED,
  'engine-hangs': ENGINE_HANGS,
  'gateway-killed': GATEWAY_KILLED,
  'corrupt-bundle': CORRUPT_BUNDLE,
  'full-disk': FULL_DISK,
  'clock-jump': CLOCK_JUMP,
  'slow-loris': SLOW_LORIS,
  'half-open': HALF_OPEN,
};

export interface FaultsResult extends Provenance {
  readonly benchmark: 'faults';
  readonly rows: readonly FaultRow[];
  /** Faults that could not be tried here, with why. */
  readonly untried: Readonly<Record<string, string>>;
}

/** `times` replaces how often each fault happens. */
export async function benchFaults(settings: {
  readonly names: readonly string[];
  readonly times: number | undefined;
  readonly command: string;
  readonly say: (line: string) => void;
}): Promise<FaultsResult> {
  const { names, times, command, say } = settings;
  const began = provenance(command);
  const rows: FaultRow[] = [];
  const untried: Record<string, string> = {};
  for (const name of names) {
    const fault = FAULTS[name]!;
    const directory = await mkdtemp(join(tmpdir(), 'vigil-faults-'));
    const data = join(directory, 'data');
    const victim = await Victim.start(
      { VIGIL_DATA_DIR: data, ...fault.settings },
      join(directory, 'server.log'),
    );
    const connection = new Connection(victim.address);
    try {
      const clients = clientsOf(connection);
      const request = await prepare(clients);
      const context = { victim, clients, request, directory: data, times: times ?? fault.times, say };
      rows.push(await fault.run(context));
    } catch (error) {
      if (!(error instanceof CannotTry)) throw error;
      untried[name] = error.message;
      say(`${name} was not tried: ${error.message}`);
    } finally {
      connection.close();
      await victim.end();
      await rm(directory, { recursive: true, force: true });
    }
  }
  return { benchmark: 'faults', ...began, rows, untried };
}
