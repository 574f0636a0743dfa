import { execFile } from 'node:child_process';
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { VigilCallError } from '../../services/client/call-error.ts';
import { Connection } from '../../services/client/client.ts';
import { clientsOf } from '../../services/client/clients.ts';
import { RunState } from '../../services/gen/vigil/v1/train_pb.ts';
import { CannotTry, type Fault, type FaultRow, unanswered } from './fault.ts';
import { prepare } from './prepare.ts';
import { Traffic } from './traffic.ts';
import { Victim } from './victim.ts';

const execute = promisify(execFile);
const SIZE = '48m';

/** Fills the file system of the data directory while it serves, trains and stores, then makes room again. */
export const FULL_DISK: Fault = {
  name: 'disk of the data directory full',
  times: 1,
  run: async ({ say }): Promise<FaultRow> => {
    const directory = await mkdtemp(join(tmpdir(), 'vigil-full-'));
    await execute('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'vigil-full', directory]).catch(
      (error: Error) => {
        throw new CannotTry(`a small file system cannot be mounted here: ${error.message.trim()}`);
      },
    );
    try {
      const victim = await Victim.start({ VIGIL_DATA_DIR: directory }, `${directory}.log`);
      const connection = new Connection(victim.address);
      const clients = clientsOf(connection);
      const { training, models } = clients;
      const request = await prepare(clients);
      const traffic = new Traffic(victim.address, request, 4, 5000);
      const filler = join(directory, 'filler');
      const { bavail, bsize } = await statfs(directory);
      await writeFile(filler, Buffer.alloc(bavail * bsize)).catch(() => {});
      say('the disk is full');
      const train = (requestId: string) =>
        training.train({
          requestId,
          dataset: 'simulated:small?seed=9&rows=80&steps=16',
          regime: 'classifier_only',
          options: { epochs: 2 },
        });
      // Either it is not accepted, or it is accepted and ends with a reason.
      const refusal = await train('faults-full').then(
        () => 'accepted',
        (error: unknown) => (error instanceof VigilCallError ? error.reason : String(error)),
      );
      say(`Train on a full disk: ${refusal}`);
      await rm(filler);
      const { name } = await train('faults-room');
      let state = RunState.UNSPECIFIED;
      for await (const update of training.watchTraining({ name: name.replace('operations/', 'runs/') }))
        state = update.state;
      const report = await traffic.end();
      const stable = await models.getModelVersion({ model: 'stable' });
      connection.close();
      await victim.end();
      const fine = ['DISK_FULL', 'accepted'].includes(refusal) && state === RunState.SUCCEEDED;
      return {
        fault: FULL_DISK.name,
        times: 1,
        traffic: report,
        lost: (fine && stable.version ? 0 : 1) + unanswered(report),
        checked: `Classify goes on; Train is ${refusal}; with room again a training succeeds`,
      };
    } finally {
      await execute('umount', [directory]);
      await rm(directory, { recursive: true, force: true });
    }
  },
};
