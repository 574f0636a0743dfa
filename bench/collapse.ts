/** Does G collapse, and does the mode-seeking term keep its rows apart: correlations of every class over a training. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChildServer } from '../services/cli/child-server.ts';
import { withClients } from '../services/cli/session.ts';
import type { Clients } from '../services/client/clients.ts';
import { type EpochRecord, RunState } from '../services/gen/vigil/v1/train_pb.ts';
import { type Provenance, provenance, rounded } from './machine.ts';

const REGIME = 'joint_scratch';

/** What is compared: options beside the paper's. */
export const OBJECTIVES: Readonly<Record<string, Readonly<Record<string, string | number>>>> = {
  paper: {},
  'mode_seeking 0.1': { diversity: 'mode_seeking', diversityWeight: 0.1 },
  'mode_seeking 0.3': { diversity: 'mode_seeking', diversityWeight: 0.3 },
  'mode_seeking 1': { diversity: 'mode_seeking', diversityWeight: 1 },
};

/** Of one class at the end of an epoch. */
export interface ClassPoint {
  readonly className: string;
  readonly realReal: number;
  readonly genGen: number;
  readonly genReal: number;
  readonly nearestRatio: number;
}

export interface CollapsePoint {
  readonly epoch: number;
  readonly iterations: number;
  readonly classes: readonly ClassPoint[];
  /** Shares of real and of generated rows that D takes for what they are. */
  readonly discriminator: readonly [real: number, fake: number];
  /** Of C, on validation rows. */
  readonly macroAccuracy: number;
}

export interface CollapseRun {
  readonly objective: string;
  readonly seed: number;
  readonly points: readonly CollapsePoint[];
  readonly warnings: readonly string[];
  readonly seconds: number;
}

export interface CollapseResult extends Provenance {
  readonly benchmark: 'collapse';
  readonly dataset: string;
  readonly datasetSha256: string;
  readonly regime: string;
  readonly generatorArchitecture: string;
  readonly engine: string;
  readonly runs: readonly CollapseRun[];
}

function pointOf({ epoch, steps, watch, validation }: EpochRecord): CollapsePoint {
  const classes = watch!.classes.map(({ className, realReal, genGen, genReal, nearestRatio }) => ({
    className,
    realReal: rounded(realReal!),
    genGen: rounded(genGen),
    genReal: rounded(genReal),
    nearestRatio: rounded(nearestRatio!),
  }));
  return {
    epoch,
    iterations: Number(steps),
    classes,
    discriminator: [rounded(watch!.discriminatorRealAccuracy!), rounded(watch!.discriminatorFakeAccuracy!)],
    macroAccuracy: rounded(validation.macroAccuracy!),
  };
}

async function runOnce(
  { training }: Clients,
  settings: { dataset: string; epochs: number; generatorArchitecture: string },
  objective: string,
  seed: number,
): Promise<CollapseRun> {
  const { dataset, epochs, generatorArchitecture } = settings;
  const began = performance.now();
  const { name } = await training.train({
    requestId: `collapse ${objective} ${seed}`,
    dataset,
    regime: REGIME,
    options: { ...OBJECTIVES[objective], epochs, seed: BigInt(seed), generatorArchitecture },
    displayName: `collapse: ${objective}, seed ${seed}`,
  });
  const run = name.replace('operations/', 'runs/');
  for await (const { state, error } of training.watchTraining({ name: run }))
    if (state === RunState.FAILED) throw new Error(`the training failed: ${error?.message}`);
  const { history, warnings } = (await training.getRun({ name: run })).run!;
  const seconds = rounded((performance.now() - began) / 1000);
  return { objective, seed, points: history.map(pointOf), warnings, seconds };
}

export async function benchCollapse(settings: {
  readonly dataset: string;
  readonly epochs: number;
  readonly seeds: readonly number[];
  readonly generatorArchitecture: string;
  readonly command: string;
  readonly say: (line: string) => void;
}): Promise<CollapseResult> {
  const { dataset, seeds, generatorArchitecture, command, say } = settings;
  const began = provenance(command);
  const directory = await mkdtemp(join(tmpdir(), 'vigil-collapse-'));
  const server = await startChildServer(join(directory, 'data'), join(directory, 'server.log'));
  try {
    return await withClients(server.address, async (clients) => {
      const runs: CollapseRun[] = [];
      for (const seed of seeds) {
        for (const objective of Object.keys(OBJECTIVES)) {
          const run = await runOnce(clients, settings, objective, seed);
          const last = run.points
            .at(-1)!
            .classes.map(({ className, genGen, realReal }) => `${className} ${genGen} (real ${realReal})`);
          say(`${objective}, seed ${seed}, ${run.seconds} s: r(gen,gen) ${last.join(', ')}`);
          runs.push(run);
        }
      }
      const { versions } = await clients.models.listModelVersions({});
      return {
        benchmark: 'collapse',
        ...began,
        dataset,
        datasetSha256: versions[0]!.lineage!.datasetSha256,
        regime: REGIME,
        generatorArchitecture,
        engine: server.engine,
        runs,
      };
    });
  } finally {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}
