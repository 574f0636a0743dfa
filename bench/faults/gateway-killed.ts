import { setTimeout as sleep } from 'node:timers/promises';
import { RunState } from '../../services/gen/vigil/v1/train_pb.ts';
import { type Fault, type FaultRow, recovery } from './fault.ts';

const TRAINING = {
  dataset: 'simulated:small?seed=3&rows=300&steps=16',
  regime: 'joint_scratch',
  options: { epochs: 30, latentSize: 8, seed: 5n },
};
const FINAL = [RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED];

/** Kills the whole server while it trains, and starts it again; the run must end as one that was never killed. */
export const GATEWAY_KILLED: Fault = {
  name: 'gateway killed (SIGKILL) while it trains',
  times: 20,
  run: async ({ victim, clients, times, say }): Promise<FaultRow> => {
    const { training, models } = clients;
    const toEnd = async (requestId: string) => {
      const { name } = await training.train({ requestId, ...TRAINING });
      return name.replace('operations/', 'runs/');
    };
    const ended = async (run: string) => {
      for (;;) {
        const { run: found } = await training.getRun({ name: run });
        if (found && FINAL.includes(found.state)) return found;
        await sleep(100);
      }
    };
    const calm = await ended(await toEnd('faults-calm'));
    const run = await toEnd('faults-killed');
    const recoveries: number[] = [];
    let lost = 0;
    let kills = 0;
    while (kills < times) {
      const { run: before } = await training.getRun({ name: run });
      if (!before || FINAL.includes(before.state)) break;
      await sleep(150 + 40 * (kills % 7));
      const { run: seen } = await training.getRun({ name: run });
      const began = performance.now();
      await victim.kill('SIGKILL');
      kills += 1;
      await victim.start();
      recoveries.push(performance.now() - began);
      const after = await training.getRun({ name: run }).then(
        ({ run: found }) => found,
        () => undefined,
      );
      const epochs = (of: typeof after): number => Number(of?.progress?.checkpointEpoch ?? 0);
      // A checkpoint that was told of must be there.
      if (!after || epochs(after) < epochs(seen)) lost += 1;
      say(`gateway killed ${kills} of ${times}: checkpoint of epoch ${epochs(after)}`);
    }
    const killed = await ended(run);
    const evaluation = async (version: string) => {
      const { version: found } = await models.getModelVersion({ model: version });
      return JSON.stringify(found?.evaluation, (_, value) =>
        typeof value === 'bigint' ? String(value) : value,
      );
    };
    const same = (await evaluation(calm.modelVersion)) === (await evaluation(killed.modelVersion));
    if (killed.state !== RunState.SUCCEEDED || !same) lost += 1;
    return {
      fault: GATEWAY_KILLED.name,
      times: kills,
      lost,
      recoveryMs: recovery(recoveries),
      checked:
        'the run and its checkpoint are there after every start; it succeeds, and its model scores to the bit as that of a run never killed',
    };
  },
};
