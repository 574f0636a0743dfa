/**
 * The losses of a tiny run of every regime on the reference engine. `node test/support/trajectories.ts` writes them to
 * test/golden/trajectories.json: after a change that is meant to move them, and that says why.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openReference } from '../../src/tensor/reference/engine.ts';
import { REGIME_NAMES, type RegimeName } from '../../src/training/options.ts';
import { tinyRun } from './tiny-run.ts';

/** Mean of every loss term, by epoch. */
export type Trajectory = readonly Readonly<Record<string, number>>[];

const FILE = fileURLToPath(new URL('../golden/trajectories.json', import.meta.url));

/** Options that a regime needs to show all of its phases in two epochs. */
const OPTIONS: Readonly<Partial<Record<RegimeName, Record<string, unknown>>>> = {
  joint_snapshot: { unfreezeAfter: 1, pretrainEpochs: 1 },
  two_stage: { epochs: 1 },
};

export async function trajectoryOf(regime: RegimeName): Promise<Trajectory> {
  const engine = await openReference();
  const { counters } = await tinyRun(engine, regime, OPTIONS[regime]);
  await engine.dispose();
  return counters.history.map(({ losses }) => losses);
}

/** What was recorded. */
export function readTrajectories(): Readonly<Record<string, Trajectory>> {
  return JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, Trajectory>;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const recorded: Record<string, Trajectory> = {};
  for (const regime of REGIME_NAMES) recorded[regime] = await trajectoryOf(regime);
  writeFileSync(FILE, `${JSON.stringify(recorded, undefined, 2)}\n`);
}
