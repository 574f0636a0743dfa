/**
 * What the gateway and the engine process say to each other. Plain data and typed arrays only: messages cross with
 * the `advanced` serialization of `child_process.fork`. Every request carries an id and gets exactly one reply.
 */

import type { ErrorCode, FieldViolation } from '../../src/errors.ts';
import type { HeldOutAnswers } from '../../src/evaluation/gate/compare.ts';
import type { Evaluation } from '../../src/evaluation/metrics.ts';
import type { FigureOutcome } from '../../src/experiments/figure-points.ts';
import type { RunJob, RunOutcome } from '../../src/experiments/run-result.ts';
import type { ModelSpec, SampleUnits } from '../../src/models/spec.ts';
import type { HeldOutRows } from '../../src/registry/gate-report.ts';
import type { ScoredRows, ScoreName } from '../../src/synthesis/row-scores.ts';
import type { CompileReport, ProgramReport } from '../../src/tensor/report.ts';
import type { TrainingUpdate } from '../../src/training/progress.ts';

/** One training for the engine: everything resolved, nothing to look up. */
export interface TrainingJob {
  /** "runs/{id}" */
  readonly run: string;
  /** A dataset file's absolute path, or a URI that `openDataset` understands (`simulated:...`). */
  readonly dataset: string;
  /** The name that lineage records. */
  readonly datasetName: string;
  readonly regime: string;
  /** As in the request: only what the caller set, camelCase. Parsed by `parseTrainingOptions`. */
  readonly options: Readonly<Record<string, unknown>>;
  /** As in the request. Parsed by `parseSplitOptions`. */
  readonly split: Readonly<Record<string, unknown>> | undefined;
  /** Directory of this run: checkpoints live here; when one is there, the run goes on from it. */
  readonly directory: string;
  /** Directory to write the finished bundle to; created by the engine, absent before. */
  readonly bundleDirectory: string;
  readonly codeVersion: string;
}

/** How a training ended. */
export type TrainingOutcome =
  | {
      readonly kind: 'succeeded';
      readonly evaluation: Evaluation;
      readonly configuration: Record<string, unknown>;
    }
  /** Cancelled by the caller; the last checkpoint is kept. */
  | { readonly kind: 'cancelled'; readonly checkpointEpoch: number }
  /** Stopped for a shutdown, after writing what is needed to go on. */
  | { readonly kind: 'stopped'; readonly checkpointEpoch: number };

export interface EngineInfo {
  /** onnxruntime, tensorflow or reference. */
  readonly engine: string;
  /** "cpu", "gpu" or "webgpu". */
  readonly device: string;
  /** For example "onnxruntime-node 1.30.0". */
  readonly version: string;
  /** Engines that were considered and not chosen, with the reason. */
  readonly refused: readonly { readonly engine: string; readonly reason: string }[];
  /** How many batches it runs side by side. */
  readonly instances: number;
  readonly pid: number;
}

export interface LoadedModel {
  readonly version: string;
  readonly classNames: readonly string[];
  readonly channelNames: readonly string[];
  readonly channels: number;
  readonly steps: number;
  readonly hasGenerator: boolean;
  /** Of weights, wherever the engine keeps a copy of them; runtimes' own buffers come on top. */
  readonly bytes: number;
}

/** Which steps to take apart, and at what sizes. */
export interface ExplainRequest {
  readonly steps: readonly StepName[];
  readonly spec: ModelSpec;
  readonly batchSize: number;
  readonly threads: number;
  /** Runs that are timed, and again that are profiled. */
  readonly runs: number;
  /** Undefined: as trainings do. */
  readonly convolution: 'blocked' | 'gathered' | 'naive' | undefined;
}

/** Steps of an iteration that train a network, by the network. */
export type StepName = 'discriminator' | 'generator' | 'classifier';

export interface Explanation {
  /** Floating-point operations per second of large matrix products on this machine, with the threads asked for. */
  readonly productRate: number;
  readonly steps: readonly ProgramReport[];
  /** What serving compiles at the same sizes: classifier at each batch size, sampler. */
  readonly serving: readonly CompileReport[];
}

/** A loaded version to be written as an ONNX file. */
export interface ExportRequest {
  readonly version: string;
  readonly directory: string;
  /** Of the bundle. */
  readonly sha256: string;
}

export interface ExportedModel {
  /** The ONNX file. */
  readonly bytes: Uint8Array;
  /** The file's answers beside Classify's. */
  readonly check: {
    readonly rows: number;
    /** Between two probabilities. */
    readonly largestDifference: number;
    /** For example "onnxruntime 1.30.0". */
    readonly runtime: string;
  };
}

/** Two versions to be scored on the candidate's test rows. */
export interface HeldOutJob {
  /** Directory of the candidate's bundle. */
  readonly candidate: string;
  /** Directory of the stable version's bundle. */
  readonly stable: string;
  /** What `openDataset` opens for the candidate's data. */
  readonly dataset: string;
  /** The same for the stable version's data; undefined when there is none of the name. */
  readonly stableDataset: string | undefined;
}

export interface HeldOutReply {
  /** To the rows that neither version has seen; possibly none. */
  readonly answers: HeldOutAnswers;
  readonly heldOut: HeldOutRows;
  /** Classes among the candidate's test rows. */
  readonly testClasses: number;
}

/** Request kinds → their payload and their reply. */
export interface EngineCalls {
  /** Loads a bundle and warms its shapes; ARTIFACT_CORRUPT or MODEL_INCOMPATIBLE leave what was loaded as it is. */
  load: { request: { version: string; directory: string }; reply: LoadedModel };
  unload: { request: { version: string }; reply: { unloaded: boolean } };
  /**
   * `values` are, one behind the other, `[rows, channels, steps]` in original units, already validated; borrowed until
   * the reply. Crosses on the instance's batch channel; an instance runs its batches in order.
   */
  classify: {
    request: {
      instance: number;
      version: string;
      rows: number;
      values: readonly Float32Array[];
      embedding: boolean;
    };
    /** C's `logits` `[rows, classes]`, not divided by the temperature; `embedding` `[rows, width]` where asked for. */
    reply: { logits: Float32Array; embedding: Float32Array | undefined; computeSeconds: number };
  };
  /** As `classify`, after everything else that waits. */
  shadow: {
    request: { version: string; rows: number; values: Float32Array };
    reply: { logits: Float32Array };
  };
  synthesize: {
    request: {
      version: string;
      classIndex: number;
      seed: number;
      firstRow: number;
      rows: number;
      units: SampleUnits;
      /** Of those that the version can give; none is the fast path. */
      scores: readonly ScoreName[];
    };
    /** `values` is `[rows, channels, steps]`. */
    reply: ScoredRows & { computeSeconds: number };
  };
  /** Replies when the training is over; progress arrives as events meanwhile. One at a time per process. */
  train: { request: TrainingJob; reply: TrainingOutcome };
  /** A run of an experiment, under the same rules as a training; `stopTraining` stops it by its id. */
  experiment: { request: RunJob; reply: RunOutcome };
  /** Figure 2 from a run: trains what is left of it, then embeds real and synthetic rows. */
  figure: { request: RunJob; reply: FigureOutcome };
  /** Takes effect at the next step boundary. `cancel` keeps the last checkpoint, `stop` is for shutdown. */
  stopTraining: { request: { run: string; reason: 'cancel' | 'stop' }; reply: { found: boolean } };
  /** The classifier of a version that is loaded as a file of its own, checked. */
  export: { request: ExportRequest; reply: ExportedModel };
  /** Reads the data again and scores both versions between more urgent work. */
  scoreHeldOut: { request: HeldOutJob; reply: HeldOutReply };
  /** Compiles, runs and profiles training steps, whatever engine the process chose; blocks it for the runs' time. */
  explain: { request: ExplainRequest; reply: Explanation };
  /** Heartbeat. Answered between batches and training steps. */
  ping: { request: Record<string, never>; reply: { memory: Record<string, number> } };
}

export type EngineCall = keyof EngineCalls;

export interface EngineRequestMessage<C extends EngineCall = EngineCall> {
  readonly id: number;
  readonly call: C;
  readonly payload: EngineCalls[C]['request'];
}

/** An error of the catalogue, as data. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly fields: readonly FieldViolation[];
  readonly metadata: Readonly<Record<string, string>>;
  /** For the log only. */
  readonly stack: string | undefined;
}

export type EngineMessage =
  /** First message of the process. */
  | { readonly kind: 'ready'; readonly info: EngineInfo }
  /** The process cannot start; it exits after this. */
  | { readonly kind: 'refused'; readonly error: WireError }
  | { readonly kind: 'reply'; readonly id: number; readonly payload: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly error: WireError }
  /** A line for the gateway's log. */
  | {
      readonly kind: 'log';
      readonly level: 'info' | 'warn';
      readonly text: string;
      readonly fields: Readonly<Record<string, string | number>>;
    }
  | {
      readonly kind: 'training';
      readonly run: string;
      readonly update: TrainingUpdate;
      readonly times: StepTimes;
    };

/** Where the time of the iterations since the last update went. */
export interface StepTimes {
  /** Of one iteration, all of it. */
  readonly stepSeconds: number;
  /** Of all of them, inside the tensor engine. */
  readonly computeSeconds: number;
}

/** Settings of the engine process, in its environment as JSON under `VIGIL_ENGINE_PROCESS`, set by the host. */
export interface EngineProcessSettings {
  readonly engine: 'auto' | 'onnxruntime' | 'tensorflow' | 'reference';
  /** `gpu` is a demand. */
  readonly device: 'auto' | 'cpu' | 'gpu';
  /** Within one op; or of the instances together, where the process runs several. */
  readonly threads: number;
  readonly role: 'serve' | 'train' | 'both';
  /** Where compiled graphs are kept; nowhere without it. */
  readonly graphCache?: { readonly directory: string; readonly maxBytes: number } | undefined;
}
