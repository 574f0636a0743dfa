/** An epoch at the paper's size, end to end through the service: which share of it is not computing. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChildServer, startChildServer } from '../services/cli/child-server.ts';
import { withClients } from '../services/cli/session.ts';
import { RunState } from '../services/gen/vigil/v1/train_pb.ts';
import { type Provenance, provenance, rounded } from './machine.ts';

/** Most of an epoch that may pass outside the engine. */
const GOAL = 0.05;
const REGIME = 'joint_scratch';
const COMPUTE = 'vigil_training_compute_seconds_total';

export interface EpochRow {
  readonly epoch: number;
  readonly iterations: number;
  /** From one epoch's record to the next, as a client sees them: validation and checkpoint included. */
  readonly wallSeconds: number;
  /** Inside the engine's executables, as the server counts it: D, G and C steps, and validation's forward passes. */
  readonly engineSeconds: number;
  readonly outsideShare: number;
  readonly millisecondsPerIteration: number;
}

export interface EpochResult extends Provenance {
  readonly benchmark: 'epoch';
  readonly dataset: string;
  readonly regime: string;
  readonly engine: string;
  /** From Train to the first iteration: drivers simulated, networks made. */
  readonly startSeconds: number;
  /** The first one compiles the steps; the last one is what a long run is made of. */
  readonly epochs: readonly EpochRow[];
  readonly goal: number;
  readonly met: boolean;
}

async function engineSeconds(server: ChildServer): Promise<number> {
  const body = await (await fetch(`${server.ops}/metrics`)).text();
  const line = body.split('\n').find((each) => each.startsWith(`${COMPUTE} `));
  if (!line) throw new Error(`the server has no metric ${COMPUTE}`);
  return Number(line.slice(COMPUTE.length));
}

async function watchEpochs(
  server: ChildServer,
  dataset: string,
  count: number,
  say: (line: string) => void,
): Promise<{ startSeconds: number; epochs: EpochRow[] }> {
  return withClients(server.address, async ({ training }) => {
    const asked = performance.now();
    const { name } = await training.train({
      requestId: 'bench-epoch',
      dataset,
      regime: REGIME,
      options: { epochs: count },
      displayName: 'bench epoch',
    });
    const epochs: EpochRow[] = [];
    let began: number | undefined;
    let since = asked;
    let computed = 0;
    let steps = 0;
    for await (const update of training.watchTraining({ name: name.replace('operations/', 'runs/') })) {
      const { progress, state, error } = update;
      if (state === RunState.FAILED) throw new Error(`the training failed: ${error?.message}`);
      if (progress && began === undefined) {
        began = performance.now();
        since = began;
        computed = await engineSeconds(server);
      }
      for (const { epoch, steps: done } of update.epochs) {
        const now = performance.now();
        const inEngine = await engineSeconds(server);
        const wall = (now - since) / 1000;
        const iterations = Number(done) - steps;
        epochs.push({
          epoch,
          iterations,
          wallSeconds: rounded(wall),
          engineSeconds: rounded(inEngine - computed),
          outsideShare: rounded(1 - (inEngine - computed) / wall),
          millisecondsPerIteration: rounded((1000 * wall) / iterations),
        });
        say(
          `epoch ${epoch}: ${wall.toFixed(1)} s, ${(inEngine - computed).toFixed(1)} s of it in the engine`,
        );
        [since, computed, steps] = [now, inEngine, Number(done)];
      }
    }
    return { startSeconds: rounded((began! - asked) / 1000), epochs };
  });
}

/** At least two epochs, so that one of them compiles nothing. */
export async function benchEpoch(settings: {
  /** 'simulated:paper' has the paper's size. */
  readonly dataset: string;
  readonly epochs: number;
  readonly command: string;
  readonly say: (line: string) => void;
}): Promise<EpochResult> {
  const began = provenance(settings.command);
  const directory = await mkdtemp(join(tmpdir(), 'vigil-epoch-'));
  try {
    const server = await startChildServer(join(directory, 'data'), join(directory, 'server.log'));
    try {
      const measured = await watchEpochs(server, settings.dataset, settings.epochs, settings.say);
      return {
        benchmark: 'epoch',
        ...began,
        dataset: settings.dataset,
        regime: REGIME,
        engine: server.engine,
        ...measured,
        goal: GOAL,
        met: measured.epochs.at(-1)!.outsideShare <= GOAL,
      };
    } finally {
      await server.stop();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
