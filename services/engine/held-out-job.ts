/** Two versions' answers to the rows that the first was tested on: what the promotion gate compares. */
import type { Dataset, Split } from '../../src/data/dataset.ts';
import { openDataset } from '../../src/data/open-dataset.ts';
import { type KnownRows, unseenRows } from '../../src/data/seen-rows.ts';
import { VigilError } from '../../src/errors.ts';
import type { Answers } from '../../src/evaluation/gate/compare.ts';
import { layoutOf, weightsKey } from '../../src/models/networks.ts';
import { layoutSize } from '../../src/models/parameters.ts';
import { readWeights, specOfManifest } from '../../src/registry/bundle.ts';
import { readManifest } from '../../src/registry/bundle-files.ts';
import type { BundleManifest } from '../../src/registry/manifest.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import { restoreSplit } from '../../src/training/restore-split.ts';
import { Scorer } from '../../src/training/scoring.ts';
import type { HeldOutJob, HeldOutReply } from './protocol.ts';

/** Rows that are scored before more urgent work is let in. */
const ROWS_AT_A_TIME = 512;

/**
 * Scores both on the candidate's test rows that are new to both. Errors: DATASET_* when the rows cannot be restored,
 * ARTIFACT_CORRUPT for the candidate's bundle, MODEL_INCOMPATIBLE when the stable bundle cannot be read.
 */
export async function scoreHeldOut(
  job: HeldOutJob,
  context: { readonly engine: Engine; readonly pause: () => Promise<void> },
): Promise<HeldOutReply> {
  const candidate = await readManifest(job.candidate);
  const stable = await readManifest(job.stable).catch(unreadableStable);
  const { dataset, split: own } = await openDataset(job.dataset);
  const { train, validation, test } = restoreSplit(dataset, own, candidate.lineage);
  const known = await rowsKnownTo(stable, dataset, own, job.stableDataset);
  const rows = known ? unseenRows(dataset, test, Uint32Array.from([...train, ...validation]), known) : test;
  const answersOf = (directory: string, manifest: BundleManifest): Promise<Answers> =>
    scoreRows(directory, manifest, dataset, rows, context);
  const { groups } = dataset;
  return {
    answers: {
      labels: Uint8Array.from(rows, (row) => dataset.labels[row]!),
      groups: groups && Int32Array.from(rows, (row) => groups[row]!),
      classes: dataset.classNames.length,
      candidate: await answersOf(job.candidate, candidate),
      stable: await answersOf(job.stable, stable).catch(unreadableStable),
    },
    heldOut: {
      testRows: test.length,
      seenRows: test.length - rows.length,
      overlapKnown: known !== undefined,
    },
    testClasses: new Set(Array.from(test, (row) => dataset.labels[row])).size,
  };
}

function unreadableStable(cause: unknown): never {
  if (!(cause instanceof VigilError)) throw cause;
  throw new VigilError('MODEL_INCOMPATIBLE', `the stable bundle cannot be read: ${cause.message}`, { cause });
}

/** What `stable` has been trained and selected on; undefined when that cannot be restored. */
async function rowsKnownTo(
  { lineage }: BundleManifest,
  dataset: Dataset,
  own: Split | undefined,
  location: string | undefined,
): Promise<KnownRows | undefined> {
  const rowsOf = (data: Dataset, divided: Split | undefined): KnownRows => {
    const { train, validation } = restoreSplit(data, divided, lineage);
    return { dataset: data, rows: Uint32Array.from([...train, ...validation]) };
  };
  if (lineage.datasetSha256 === dataset.sha256) return rowsOf(dataset, own);
  if (location === undefined) return undefined;
  try {
    const opened = await openDataset(location);
    return rowsOf(opened.dataset, opened.split);
  } catch (error) {
    if (error instanceof VigilError) return undefined;
    throw error;
  }
}

/** As Classify answers. */
async function scoreRows(
  directory: string,
  manifest: BundleManifest,
  dataset: Dataset,
  rows: Uint32Array,
  { engine, pause }: { readonly engine: Engine; readonly pause: () => Promise<void> },
): Promise<Answers> {
  const spec = specOfManifest(manifest);
  const key = weightsKey('classifier');
  const weights = await readWeights(directory, manifest, 'classifier');
  const state = engine.createState({ [key]: [layoutSize(layoutOf('classifier', spec))] }, { [key]: weights });
  const probabilities = new Float32Array(rows.length * spec.classes);
  try {
    const scorer = await Scorer.open(engine, spec, manifest.limits, state, manifest.temperature);
    try {
      for (let start = 0; start < rows.length; start += ROWS_AT_A_TIME) {
        await pause();
        const part = rows.subarray(start, start + ROWS_AT_A_TIME);
        probabilities.set(await scorer.probabilities(dataset.values, part), start * spec.classes);
      }
    } finally {
      await scorer.dispose();
    }
  } finally {
    state.dispose();
  }
  return { probabilities, trainPriors: manifest.trainPriors };
}
