import { median, rounded } from '../../machine.ts';
import { answered } from '../load/plan.ts';
import { load } from '../load/start-load.ts';
import type { Scenario } from './scenario.ts';

/** The gateway alone: everything but the engine, beside grpc-js that does nothing with the same bytes. */
const GOAL = 0.6;
const IN_FLIGHT = [1, 16, 64];

export const gateway: Scenario = (bench) =>
  bench.withStub((stub) =>
    bench.withNoop(async (noop) => {
      const { pace } = bench.settings;
      const rates = IN_FLIGHT.map(() => ({ stub: [] as number[], noop: [] as number[] }));
      for (let round = 0; round < pace.rounds; round++) {
        for (const [at, inFlight] of IN_FLIGHT.entries()) {
          const loop = { kind: 'closed', inFlight } as const;
          rates[at]!.stub.push(answered(await load(bench.plan(stub, loop))).rps);
          rates[at]!.noop.push(answered(await load(bench.plan(noop, loop))).rps);
        }
      }
      const findings = IN_FLIGHT.flatMap((inFlight, at) => {
        const [ours, floor] = [median(rates[at]!.stub), median(rates[at]!.noop)];
        return [
          { what: `gateway, ${inFlight} in flight`, found: rounded(ours), unit: 'per second' as const },
          { what: `no-op, ${inFlight} in flight`, found: rounded(floor), unit: 'per second' as const },
          {
            what: `gateway / no-op, ${inFlight} in flight`,
            found: rounded(ours / floor),
            unit: 'share' as const,
            goal: { least: GOAL },
          },
        ];
      });
      return {
        title: 'The gateway alone',
        how: `The real gateway over an engine in its own process that answers at once, and a grpc-js server that sends as many bytes back; ${bench.settings.method}, in turns.`,
        findings,
      };
    }),
  );
