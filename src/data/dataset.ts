/** Labelled samples in memory. Every sample is `[channels, steps]`, row-major, in original units. */
export interface Dataset {
  readonly name: string;
  readonly rows: number;
  readonly channels: number;
  readonly steps: number;
  readonly channelNames: readonly string[];
  readonly classNames: readonly string[];
  /** `[rows, channels, steps]`. */
  readonly values: Float32Array;
  /** `[rows]`, an index into `classNames`. */
  readonly labels: Uint8Array;
  /** `[rows]`, who or what a row comes from (subject); rows of one group never stand on two sides of a split. */
  readonly groups: Int32Array | undefined;
  /** `[rows]`, a part of a group that has one label (a video); undefined when unknown. */
  readonly clips: Int32Array | undefined;
  /** `[rows]`, the authors' folds; undefined when the source has none. */
  readonly folds: Int32Array | undefined;
  /** SHA-256 over shape, names, values, labels and ids: the identity that lineage records. */
  readonly sha256: string;
}

/** Row numbers of a dataset, disjoint. */
export interface Split {
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
  readonly test: Uint32Array;
}

/** Per-channel limits, fitted on training rows only; `low[c]` maps to -1 and `high[c]` to 1, beyond is clipped. */
export interface ChannelLimits {
  /** `[channels]` */
  readonly low: Float32Array;
  /** `[channels]` */
  readonly high: Float32Array;
}
