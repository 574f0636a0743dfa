/** The promotion gate: what a version must show before `stable` may point at it. docs/serving.md has the rule. */
import { type ErrorCode, VigilError } from '../../src/errors.ts';
import { isWorse, LEAST_ROWS } from '../../src/evaluation/gate/compare.ts';
import { findUnlike } from '../../src/registry/fit.ts';
import {
  compared,
  type GatePair,
  type GateReport,
  notComparable,
  passedUncompared,
  tooFewRows,
} from '../../src/registry/gate-report.ts';
import { type Registry, STABLE } from '../../src/registry/registry.ts';
import type { VersionRecord } from '../../src/registry/version.ts';
import type { ResolvedDataset } from '../datasets/resolve.ts';
import type { EngineClient } from '../engine/engine.ts';
import type { HeldOutReply } from '../engine/protocol.ts';
import type { ModelStore } from '../storage/store.ts';
import { compareOnThread } from './compare-worker.ts';

export interface GateSettings {
  readonly store: ModelStore;
  readonly registry: Registry;
  /** The one that trains: scoring must not wait for, or hold up, what is served. */
  readonly engine: EngineClient;
  readonly resolveDataset: (name: string) => Promise<ResolvedDataset>;
}

/** Errors that say that the rows or the stable bundle cannot be had. Others are the caller's to see. */
const NOT_TO_BE_HAD: ReadonlySet<ErrorCode> = new Set([
  'DATASET_NOT_FOUND',
  'DATASET_MALFORMED',
  'DATASET_UNSUITABLE',
  'FIELD_INVALID',
  'MODEL_INCOMPATIBLE',
]);

export class PromotionGate {
  readonly #settings: GateSettings;

  constructor(settings: GateSettings) {
    this.#settings = settings;
  }

  /**
   * Compares with the version that is stable now, where a comparison is called for: a version that has been stable before
   * passes at once, so that a rollback waits for nothing. Errors: ARTIFACT_CORRUPT, ENGINE_UNAVAILABLE.
   */
  async check(candidate: VersionRecord, signal?: AbortSignal): Promise<GateReport> {
    const { store, registry } = this.#settings;
    const stable = (await store.aliases()).get(STABLE) ?? '';
    const pair = { candidate: candidate.version, stable };
    if (stable === '') return passedUncompared('first_version', pair);
    if (stable === candidate.version) return passedUncompared('already_stable', pair);
    if (await store.hasPointedAt(STABLE, candidate.version)) return passedUncompared('rollback', pair);
    return this.#compare(candidate, registry.resolve(stable), pair, signal);
  }

  async #compare(
    candidate: VersionRecord,
    stable: VersionRecord,
    pair: GatePair,
    signal: AbortSignal | undefined,
  ): Promise<GateReport> {
    const unlike = findUnlike(candidate.manifest, stable.manifest, STABLE);
    if (unlike) return notComparable(unlike, pair);
    let reply: HeldOutReply;
    try {
      reply = await this.#score(candidate, stable, signal);
    } catch (error) {
      if (!(error instanceof VigilError) || !NOT_TO_BE_HAD.has(error.code)) throw error;
      return notComparable(error.message, pair);
    }
    const { answers, heldOut, testClasses } = reply;
    const left = answers.labels.length;
    // A small test set is the candidate's own; one that was cut down may have lost what makes it a test.
    const cut = heldOut.seenRows > 0 && (left < LEAST_ROWS || new Set(answers.labels).size < testClasses);
    if (left < 2 || cut) return tooFewRows(left, heldOut, pair);
    const comparison = await compareOnThread(answers, signal);
    return compared(isWorse(comparison), comparison, heldOut, pair);
  }

  async #score(
    candidate: VersionRecord,
    stable: VersionRecord,
    signal: AbortSignal | undefined,
  ): Promise<HeldOutReply> {
    const { engine, resolveDataset } = this.#settings;
    const { location } = await resolveDataset(candidate.manifest.lineage.dataset);
    const stableDataset = await resolveDataset(stable.manifest.lineage.dataset).then(
      (found) => found.location,
      () => undefined,
    );
    const job = {
      candidate: candidate.directory,
      stable: stable.directory,
      dataset: location,
      stableDataset,
    };
    return engine.call('scoreHeldOut', job, signal);
  }
}
