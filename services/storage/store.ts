/** What the service remembers. One interface; times are epoch milliseconds, everything else plain data. */
import type { ErrorCode } from '../../src/errors.ts';
import type { EpochRecord } from '../../src/evaluation/history.ts';
import type { Evaluation } from '../../src/evaluation/metrics.ts';
import type { GateReport } from '../../src/registry/gate-report.ts';
import type { BundleManifest } from '../../src/registry/manifest.ts';
import type { TrafficMode, TrafficSplit } from '../../src/registry/traffic.ts';
import type { VersionRecord } from '../../src/registry/version.ts';
import type { TrainingProgress } from '../../src/training/progress.ts';

export const RUN_STATES = [
  'queued',
  'running',
  'cancelling',
  'succeeded',
  'failed',
  'cancelled',
  'interrupted',
] as const;
export type RunState = (typeof RUN_STATES)[number];

/** States that a run never leaves. */
export const FINAL_STATES: ReadonlySet<RunState> = new Set(['succeeded', 'failed', 'cancelled']);

/** A training request as plain data: only what the caller set. */
export interface StoredTrainRequest {
  readonly dataset: string;
  readonly regime: string;
  readonly split?: Readonly<Record<string, unknown>>;
  readonly options: Readonly<Record<string, unknown>>;
  readonly displayName: string;
  /** To be promoted when it is trained; absent when not. */
  readonly promote?: true;
}

/** How a promotion that was asked for with a training ended. */
export interface Promotion {
  readonly promoted: boolean;
  /** Undefined when the gate could not be asked. */
  readonly gate?: GateReport | undefined;
  readonly error?: { readonly code: ErrorCode; readonly message: string } | undefined;
}

export interface RunRecord {
  readonly id: string;
  readonly requestId: string;
  /** Who asked. */
  readonly principal: string;
  readonly request: StoredTrainRequest;
  readonly state: RunState;
  readonly createTime: number;
  readonly startTime: number | undefined;
  readonly endTime: number | undefined;
  /** Times that the trainer took it up. */
  readonly attempts: number;
  readonly progress: TrainingProgress | undefined;
  readonly warnings: readonly string[];
  readonly error: { readonly code: ErrorCode; readonly message: string } | undefined;
  readonly version: string | undefined;
  readonly evaluation: Evaluation | undefined;
  readonly configuration: Readonly<Record<string, unknown>> | undefined;
  /** Undefined when none was asked for, and until it is decided. */
  readonly promotion: Promotion | undefined;
}

/** Trained, and not yet decided whether it becomes stable. */
export const awaitsPromotion = ({ state, request, promotion }: RunRecord): boolean =>
  state === 'succeeded' && request.promote === true && promotion === undefined;

/** What may change in a run; absent keys stay. */
export type RunChange = Partial<
  Pick<RunRecord, 'state' | 'startTime' | 'endTime' | 'attempts' | 'progress' | 'warnings' | 'error'>
>;

export interface StoredDatasetRecord {
  readonly name: string;
  /** Of the uploaded file; its ending says the format. */
  readonly fileName: string;
  readonly fileSha256: string;
  readonly rows: number;
  readonly channelNames: readonly string[];
  readonly steps: number;
  readonly classNames: readonly string[];
  readonly classRows: readonly number[];
  readonly groups: number;
  readonly sha256: string;
  readonly createTime: number;
  readonly dropped: Readonly<Record<string, number>>;
}

/** A page of a list, newest first; `after` is the last id of the previous page. */
export interface Page {
  readonly limit: number;
  readonly after: string | undefined;
}

export interface RunStore {
  createRun(
    run: Pick<RunRecord, 'id' | 'requestId' | 'principal' | 'request' | 'createTime'>,
  ): Promise<RunRecord>;
  getRun(id: string): Promise<RunRecord | undefined>;
  /** The youngest run with this request_id that was created at or after `since`. */
  findRequest(requestId: string, since: number): Promise<RunRecord | undefined>;
  listRuns(page: Page): Promise<RunRecord[]>;
  /** Oldest first. */
  runsIn(states: readonly RunState[]): Promise<RunRecord[]>;
  countRuns(): Promise<Record<RunState, number>>;
  /** Applies a change when the run is in one of `from`; the run as it is now, or undefined when it was not. */
  changeRun(id: string, from: readonly RunState[], change: RunChange): Promise<RunRecord | undefined>;
  /** Epochs are kept once: a resumed run may report one again. */
  addEpochs(id: string, epochs: readonly EpochRecord[]): Promise<void>;
  history(id: string): Promise<EpochRecord[]>;
  deleteRun(id: string): Promise<boolean>;
  /** Oldest first: those for which `awaitsPromotion` holds. */
  runsAwaitingPromotion(): Promise<RunRecord[]>;
  setPromotion(id: string, promotion: Promotion): Promise<void>;
}

/** A version before it has its number. */
export interface NewVersion {
  readonly run: string;
  readonly createTime: number;
  readonly manifest: BundleManifest;
  readonly sha256: string;
  readonly directory: string;
}

/** A move of an alias, to be made or made. */
export interface AliasMove {
  readonly time: number;
  readonly principal: string;
  readonly alias: string;
  readonly version: string;
  /** In the caller's words. */
  readonly reason: string;
  /** Whether the gate refused and was overruled. */
  readonly forced: boolean;
  readonly gate: GateReport | undefined;
}

export interface AliasChange extends AliasMove {
  /** Rises with every change. */
  readonly id: string;
  /** Empty when the alias was new. */
  readonly previous: string;
}

export interface ModelStore {
  /** Those that are not deleted. */
  versions(): Promise<VersionRecord[]>;
  aliases(): Promise<Map<string, string>>;
  /**
   * Registers a version, points `alias` at it, and marks the run that made it as succeeded: all or nothing. Once per
   * run: a second call returns what the first one made.
   */
  registerVersion(version: NewVersion, alias: string): Promise<VersionRecord>;
  /** ALIAS_CONFLICT when `expected` is given and is not what the alias points at ("" for no alias). */
  moveAlias(move: AliasMove, expected: string | undefined): Promise<{ previous: string }>;
  /** Canaries and shadows. A move of their alias ends those for which `endsWith` holds. */
  traffic(): Promise<TrafficSplit[]>;
  /** Replaces the split of the alias and mode; ALIAS_CONFLICT when the alias does not point at `expected`. */
  setTraffic(split: TrafficSplit, expected: string): Promise<void>;
  clearTraffic(alias: string, mode: TrafficMode): Promise<void>;
  /** Its number stays taken, and its moves in the history. MODEL_IN_USE when an alias or a split names it. */
  deleteVersion(version: string, time: number): Promise<void>;
  /** Bundle directories of deleted versions. */
  deletedBundles(): Promise<string[]>;
  /** Whether the alias has pointed at the version at any time. */
  hasPointedAt(alias: string, version: string): Promise<boolean>;
  /** Newest first; of every alias when none is named. */
  aliasChanges(alias: string | undefined, page: Page): Promise<AliasChange[]>;
}

export interface DatasetStore {
  /** False when the name is taken. */
  addDataset(dataset: StoredDatasetRecord): Promise<boolean>;
  getDataset(name: string): Promise<StoredDatasetRecord | undefined>;
  /** By name. */
  listDatasets(): Promise<StoredDatasetRecord[]>;
  deleteDataset(name: string): Promise<boolean>;
}

/** What somebody did, or was refused. */
export interface AuditRecord {
  readonly time: number;
  readonly principal: string;
  /** The method's name; "Denied" for a refusal. */
  readonly action: string;
  readonly subject: string;
  readonly detail: string;
}

/** Who did what, for people; nothing is decided by it. */
export interface AuditLog {
  audit(entry: AuditRecord): Promise<void>;
  /** Newest first; of every principal when none is named. `id` rises with every entry. */
  auditEntries(principal: string | undefined, page: Page): Promise<(AuditRecord & { readonly id: string })[]>;
}

export interface Store extends RunStore, ModelStore, DatasetStore, AuditLog {
  close(): Promise<void>;
}
