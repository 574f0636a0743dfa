import type { DriftReference } from '../drift/reference.ts';
import type { Evaluation } from '../evaluation/metrics.ts';
import type { ClassifierArchitecture, GeneratorArchitecture } from '../models/spec.ts';

/** Where a model comes from: enough to train it again. */
export interface Lineage {
  readonly run: string;
  readonly regime: string;
  readonly dataset: string;
  readonly datasetSha256: string;
  readonly seed: number;
  readonly codeVersion: string;
  readonly engine: string;
  /** Every option after defaults, the split's sizes and the network shapes. */
  readonly configuration: Readonly<Record<string, unknown>>;
}

/** `manifest.json` of a bundle: everything about a model but its weights. */
export interface BundleManifest {
  readonly format: 1;
  readonly channels: number;
  readonly steps: number;
  readonly channelNames: readonly string[];
  readonly classNames: readonly string[];
  /** Per-channel scaling limits, `[channels]` each; `low` maps to -1, `high` to 1. */
  readonly limits: { readonly low: readonly number[]; readonly high: readonly number[] };
  /** Class shares of the training rows, `[classes]`. */
  readonly trainPriors: readonly number[];
  /** The choices that decide the networks' shapes. */
  readonly networks: {
    readonly latentSize: number;
    readonly kernelHeight: 'paper' | 'all';
    readonly generatorArchitecture: GeneratorArchitecture;
    /** Absent from bundles older than the choice, whose classifier is the paper's. */
    readonly classifierArchitecture?: ClassifierArchitecture;
  };
  readonly hasGenerator: boolean;
  /** C's probabilities are softmax(logits / temperature). Absent in bundles of earlier versions: 1. */
  readonly temperature?: number;
  /** Histograms of the training rows. Absent in bundles of earlier versions: drift is not watched for them. */
  readonly drift?: DriftReference;
  /** Scores on the held-out test rows. */
  readonly evaluation: Evaluation;
  readonly lineage: Lineage;
  /** File name → SHA-256, for every other file of the bundle. */
  readonly files: Readonly<Record<string, string>>;
}
