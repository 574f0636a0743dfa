import { rounded } from '../../machine.ts';
import { answered, errorsOf } from '../load/plan.ts';
import { load } from '../load/start-load.ts';
import { residentMemory } from '../resident-memory.ts';
import type { Scenario } from './scenario.ts';

/** Resident memory over many calls: it settles, and stays. */
const IN_FLIGHT = 64;
const PARTS = 10;
/** Growth over the last nine tenths of the calls. */
const GOAL_GROWTH = 1.1;

export const memory: Scenario = (bench) =>
  bench.withVigil(async (server) => {
    const calls = Math.max(1, Math.round(bench.settings.memoryCalls / PARTS));
    const sizes = [await residentMemory(server.pid)];
    let errors = 0;
    for (let part = 0; part < PARTS; part++) {
      const plan = bench.plan(server, { kind: 'closed', inFlight: IN_FLIGHT, calls });
      errors += errorsOf(answered(await load({ ...plan, warmUpMs: 0 })));
      sizes.push(await residentMemory(server.pid));
      bench.settings.say(`${(part + 1) * calls} calls: ${sizes.at(-1)!.toFixed(0)} MiB`);
    }
    const [first, settled] = sizes as [number, number];
    const last = sizes.at(-1)!;
    return {
      title: 'Memory over many calls',
      how: `${calls * PARTS} calls, ${IN_FLIGHT} in flight; resident memory of gateway and engines together, before, after a tenth and after all.`,
      findings: [
        { what: 'errors', found: errors, unit: 'count', goal: { most: 0 } },
        { what: 'before', found: rounded(first), unit: 'MiB' },
        { what: 'after a tenth', found: rounded(settled), unit: 'MiB' },
        { what: 'after all', found: rounded(last), unit: 'MiB' },
        { what: 'most', found: rounded(Math.max(...sizes)), unit: 'MiB' },
        {
          what: 'after all / after a tenth',
          found: rounded(last / settled),
          unit: 'times',
          goal: { most: GOAL_GROWTH },
        },
      ],
    };
  });
