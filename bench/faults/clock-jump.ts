import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '../../services/client/client.ts';
import { clientsOf } from '../../services/client/clients.ts';
import { CannotTry, type Fault, type FaultRow, recovery, unanswered } from './fault.ts';
import { prepare } from './prepare.ts';
import { Traffic } from './traffic.ts';
import { Victim } from './victim.ts';

const LIBRARIES = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1',
  '/usr/lib/faketime/libfaketime.so.1',
];
/** Hours against the true time: forwards, back, and behind. */
const OFFSETS = ['+2h', '+0', '-2h', '+0'];
const EACH_MS = 3000;

/** Lets the wall clock of the server jump by hours, as a repaired NTP does. Monotonic time goes on. */
export const CLOCK_JUMP: Fault = {
  name: 'wall clock jumps by two hours, both ways',
  times: OFFSETS.length,
  run: async ({ say }): Promise<FaultRow> => {
    const library = LIBRARIES.find((path) => existsSync(path));
    if (!library) throw new CannotTry('libfaketime is not installed (Debian: faketime)');
    const directory = await mkdtemp(join(tmpdir(), 'vigil-clock-'));
    const clock = join(directory, 'clock');
    await writeFile(clock, '+0');
    const settings = {
      VIGIL_DATA_DIR: join(directory, 'data'),
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
    try {
      const victim = await Victim.start(settings, join(directory, 'server.log'));
      const connection = new Connection(victim.address);
      const request = await prepare(clientsOf(connection));
      const engine = victim.engine('serve');
      const traffic = new Traffic(victim.address, request, 8, 5000);
      const recoveries: number[] = [];
      for (const offset of OFFSETS) {
        await traffic.nextAnswer();
        await writeFile(clock, offset);
        recoveries.push(await traffic.nextAnswer());
        await sleep(EACH_MS);
        say(`clock at ${offset}: answered after ${Math.round(recoveries.at(-1)!)} ms`);
      }
      const restarted = victim.engine('serve') !== engine;
      const report = await traffic.end();
      connection.close();
      await victim.end();
      return {
        fault: CLOCK_JUMP.name,
        times: OFFSETS.length,
        traffic: report,
        lost: unanswered(report) + Number(restarted),
        recoveryMs: recovery(recoveries),
        checked: 'calls go on; the engine is not taken for hung',
      };
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
};
