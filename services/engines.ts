/** The engine processes of a server: one that serves, and one that trains beside it where that pays. */
import { type Config, graphCacheOf } from './config.ts';
import type { EngineClient, EngineFault } from './engine/engine.ts';
import { EngineHost } from './engine/host.ts';
import type { EngineReport } from './http.ts';
import type { Logger } from './observability/logger.ts';
import type { Instruments } from './observability/metrics.ts';

export interface Engines {
  readonly serving: EngineClient;
  /** The same process where they are shared. */
  readonly training: EngineClient;
}

type EngineSettings = Pick<
  Config,
  | 'VIGIL_ENGINE'
  | 'VIGIL_ENGINE_DEVICE'
  | 'VIGIL_ENGINE_THREADS'
  | 'VIGIL_ENGINE_TRAINER'
  | 'VIGIL_ENGINE_SILENT_MS'
  | 'VIGIL_ENGINE_STALL_MS'
  | 'VIGIL_ENGINE_MAX_MEMORY_BYTES'
> &
  Parameters<typeof graphCacheOf>[0];

const FAULTS: readonly EngineFault[] = ['exit', 'hang', 'memory'];

/**
 * Starts what the configuration asks for. On a CPU the trainer is a process of its own (`auto`): the scheduler of the
 * machine shares cores better than a queue between steps. A GPU has one owner. ENGINE_REFUSED.
 */
export async function openEngines(
  config: EngineSettings,
  close: (step: string, work: () => Promise<void>) => void,
  log: Logger,
  instruments: Instruments,
): Promise<Engines> {
  const open = async (role: EngineHost['role']): Promise<EngineHost> => {
    const host = await EngineHost.open({
      engine: config.VIGIL_ENGINE,
      device: config.VIGIL_ENGINE_DEVICE,
      threads: config.VIGIL_ENGINE_THREADS,
      role,
      graphCache: graphCacheOf(config),
      silentMs: config.VIGIL_ENGINE_SILENT_MS,
      stallMs: stallMsOf(role, config),
      maxMemoryBytes: config.VIGIL_ENGINE_MAX_MEMORY_BYTES,
      log,
      onMemory: (memory) => {
        for (const [pool, bytes] of Object.entries(memory))
          instruments.engineMemory.set({ pool, role }, bytes);
      },
    });
    close(`engine ${role}`, () => host.close());
    const { engine, device } = host.info!;
    instruments.engineUp.set({ engine, device, role }, 1);
    for (const reason of FAULTS) instruments.engineRestarts.inc({ role, reason }, 0);
    let reason: EngineFault = 'exit';
    host.onDown((_, fault) => {
      instruments.engineUp.set({ engine, device, role }, 0);
      reason = fault;
    });
    host.onUp(() => {
      instruments.engineUp.set({ engine, device, role }, 1);
      instruments.engineRestarts.inc({ role, reason });
    });
    return host;
  };
  if (config.VIGIL_ENGINE_TRAINER === 'shared') {
    const both = await open('both');
    return { serving: both, training: both };
  }
  const serving = await open('serve');
  const separate = config.VIGIL_ENGINE_TRAINER === 'separate' || serving.info?.device === 'cpu';
  return { serving, training: separate ? await open('train') : serving };
}

/** In a shared process a batch also waits while a training is compiled. */
function stallMsOf(role: EngineHost['role'], config: EngineSettings): number {
  const { VIGIL_ENGINE_STALL_MS: stallMs, VIGIL_ENGINE_SILENT_MS: silentMs } = config;
  return role === 'both' ? Math.max(stallMs, silentMs) : stallMs;
}

/** What runs where, and what was refused and why. A process that is away is left out. */
export function reportEngines({ serving, training }: Engines): EngineReport[] {
  return [...new Set([serving, training])].flatMap(({ role, info }) => {
    if (!info) return [];
    const { engine, device, version, refused } = info;
    return [{ role, engine, device, version, refused }];
  });
}
