import { type ChosenEngine, chooseEngine } from '../../src/tensor/choose.ts';
import type { CompileReport } from '../../src/tensor/report.ts';
import type { EngineMessage, EngineProcessSettings } from './protocol.ts';

/** The engine that the settings ask for; what it compiles goes to the gateway's log. ENGINE_REFUSED. */
export function openEngine(
  { engine, device, threads, graphCache }: EngineProcessSettings,
  send: (message: EngineMessage) => void,
): Promise<ChosenEngine> {
  const log = (level: 'info' | 'warn', text: string, fields: Record<string, string | number>): void =>
    send({ kind: 'log', level, text, fields });
  const compiler = {
    graphCache,
    onCompiled: (report: CompileReport) => log('info', 'compiled', logged(report)),
    onCacheTrouble: (text: string) => log('warn', text, {}),
  };
  return chooseEngine({ engine, device, threads, compiler });
}

/** Milliseconds to a tenth. */
function logged({ program, cache, ...times }: CompileReport): Record<string, string | number> {
  const rounded = Object.entries(times).map(([name, ms]) => [name, Math.round(10 * ms) / 10]);
  return { program, cache, ...Object.fromEntries(rounded) };
}
