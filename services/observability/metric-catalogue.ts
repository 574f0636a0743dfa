/**
 * Every metric family that the ops port serves, as data. `metrics.ts` creates the prom-client objects from it, the
 * dashboard, the alert rules and `docs/operations/metrics.md` are held to it by tests. Times are in seconds, sizes
 * in bytes. Label values come from closed sets or from a model's classes and channels, never from what a caller sends.
 */

interface Family {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** One metric family: its exposition name, its meaning, its label names. */
export type MetricFamily =
  | (Family & { readonly type: 'counter' | 'gauge' })
  /** `buckets` are upper bounds, ascending, without +Inf. */
  | (Family & { readonly type: 'histogram'; readonly buckets: readonly number[] });

/** From a quarter of a millisecond, where an idle engine answers, to where any deadline has passed. */
const REQUEST_SECONDS = [
  0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
] as const;

/** Loading a model warms its shapes, and a training step of a large model is slow: longer at the far end. */
const WORK_SECONDS = [
  0.00025, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
] as const;

const ROWS = [1, 2, 4, 8, 16, 32, 64, 128, 256] as const;

export const METRICS = {
  rpcDuration: {
    type: 'histogram',
    name: 'rpc_server_call_duration_seconds',
    help: 'Duration of gRPC calls from first byte to status, by full method and status code; calls of unknown methods are not counted.',
    labels: ['rpc_method', 'rpc_status_code'],
    buckets: REQUEST_SECONDS,
  },
  connectionsRefused: {
    type: 'counter',
    name: 'vigil_connections_refused_total',
    help: 'Connections that were dropped, by reason: too many, too many of one address, no handshake, too many pings.',
    labels: ['reason'],
  },
  inferenceQueue: {
    type: 'histogram',
    name: 'vigil_inference_queue_seconds',
    help: 'Time that rows waited in the batcher before the engine took them.',
    labels: [],
    buckets: REQUEST_SECONDS,
  },
  inferenceCompute: {
    type: 'histogram',
    name: 'vigil_inference_compute_seconds',
    help: 'Time that the engine computed one batch.',
    labels: [],
    buckets: REQUEST_SECONDS,
  },
  inferenceBatchRows: {
    type: 'histogram',
    name: 'vigil_inference_batch_rows',
    help: 'Rows in a batch given to the engine.',
    labels: [],
    buckets: ROWS,
  },
  inferenceBatchDispatch: {
    type: 'counter',
    name: 'vigil_inference_batch_dispatch_total',
    help: 'Batches given to the engine, by what triggered them.',
    labels: ['reason'],
  },
  inferencePendingRows: {
    type: 'gauge',
    name: 'vigil_inference_pending_rows',
    help: 'Rows waiting in the batcher.',
    labels: [],
  },
  inferenceRejected: {
    type: 'counter',
    name: 'vigil_inference_rejected_total',
    help: 'Classify requests that never reached the engine, by reason.',
    labels: ['reason'],
  },
  inferenceRetried: {
    type: 'counter',
    name: 'vigil_inference_retried_total',
    help: 'Classify requests that ran again because the engine process went away under them.',
    labels: [],
  },
  modelInfo: {
    type: 'gauge',
    name: 'vigil_model_info',
    help: '1 for each alias and the model version that it serves.',
    labels: ['version', 'alias'],
  },
  modelSwap: {
    type: 'histogram',
    name: 'vigil_model_swap_seconds',
    help: 'Time from the decision to serve a model version until it served: load, warm-up and pointer swap.',
    labels: [],
    buckets: WORK_SECONDS,
  },
  predictions: {
    type: 'counter',
    name: 'vigil_predictions_total',
    help: 'Rows classified, by the most probable class, the alias that was asked for, and whether its own version (primary) or its canary answered.',
    labels: ['class', 'alias', 'side'],
  },
  modelMemory: {
    type: 'gauge',
    name: 'vigil_model_memory_bytes',
    help: 'Weights of the model versions in memory, as the engine counts them.',
    labels: [],
  },
  modelTraffic: {
    type: 'gauge',
    name: 'vigil_model_traffic_share',
    help: 'Share of an alias’s requests that another version gets, by mode: canary, shadow.',
    labels: ['alias', 'version', 'mode'],
  },
  shadowRows: {
    type: 'counter',
    name: 'vigil_shadow_rows_total',
    help: 'Rows for the shadow of an alias, by outcome: compared, dropped because callers waited, failed.',
    labels: ['alias', 'outcome'],
  },
  shadowDisagreements: {
    type: 'counter',
    name: 'vigil_shadow_disagreements_total',
    help: 'Compared rows for which the shadow’s most probable class was another.',
    labels: ['alias'],
  },
  shadowDifference: {
    type: 'counter',
    name: 'vigil_shadow_difference_total',
    help: 'Sum over compared rows of the mean absolute difference of a class’s probability; divide by the compared rows.',
    labels: ['alias'],
  },
  inputDrift: {
    type: 'gauge',
    name: 'vigil_input_drift_psi',
    help: 'Population stability index of a channel’s values over the latest rows against the training rows; above 0.25 is a large shift.',
    labels: ['alias', 'channel'],
  },
  inputOutOfRange: {
    type: 'gauge',
    name: 'vigil_input_out_of_range_ratio',
    help: 'Share of a channel’s values over the latest rows that lie outside of the scaling limits and are clipped.',
    labels: ['alias', 'channel'],
  },
  predictionDrift: {
    type: 'gauge',
    name: 'vigil_prediction_drift_psi',
    help: 'Population stability index of the predicted classes over the latest rows against those of the held-out test rows.',
    labels: ['alias'],
  },
  streamsOpen: {
    type: 'gauge',
    name: 'vigil_streams_open',
    help: 'ClassifyStream calls that are open.',
    labels: [],
  },
  streamHops: {
    type: 'counter',
    name: 'vigil_stream_hops_total',
    help: 'Hops of streams by outcome: answered, withheld (a gap, a jump of the clock, no engine) or skipped for newer ones.',
    labels: ['outcome'],
  },
  streamFrames: {
    type: 'counter',
    name: 'vigil_stream_frames_total',
    help: 'Frames of streams by outcome: accepted, late (dropped), and duplicate (replaced by a later one of the same time).',
    labels: ['outcome'],
  },
  synthesisedRows: {
    type: 'counter',
    name: 'vigil_synthesised_rows_total',
    help: 'Rows synthesised, by class.',
    labels: ['class'],
  },
  rejectedRows: {
    type: 'counter',
    name: 'vigil_synthesis_rejected_rows_total',
    help: 'Rows that were drawn and did not reach the thresholds of their call, by class.',
    labels: ['class'],
  },
  trainingRuns: {
    type: 'gauge',
    name: 'vigil_training_runs',
    help: 'Training runs stored, by state.',
    labels: ['state'],
  },
  trainingStep: {
    type: 'histogram',
    name: 'vigil_training_step_seconds',
    help: 'Time of one training iteration, all of its networks.',
    labels: [],
    buckets: WORK_SECONDS,
  },
  trainingCompute: {
    type: 'counter',
    name: 'vigil_training_compute_seconds_total',
    help: 'Time that trainings spent inside the tensor engine; the rest of their time goes to inputs, checkpoints and the service.',
    labels: [],
  },
  trainingLoss: {
    type: 'gauge',
    name: 'vigil_training_loss',
    help: 'Mean of a loss term over the latest iterations of the run in progress.',
    labels: ['term'],
  },
  trainingValidation: {
    type: 'gauge',
    name: 'vigil_training_validation',
    help: 'Latest validation score of the run in progress, by metric.',
    labels: ['metric'],
  },
  trainingCorrelation: {
    type: 'gauge',
    name: 'vigil_training_row_correlation',
    help: 'Mean correlation of two rows of a class after the latest adversarial epoch of the run in progress, by pair: real_real, gen_gen, gen_real.',
    labels: ['class', 'pair'],
  },
  trainingNearestRatio: {
    type: 'gauge',
    name: 'vigil_training_nearest_real_ratio',
    help: 'Median distance of generated rows of a class to the nearest real one, over that between real rows, after the latest adversarial epoch of the run in progress.',
    labels: ['class'],
  },
  trainingDiscriminator: {
    type: 'gauge',
    name: 'vigil_training_discriminator_accuracy',
    help: 'Share of real and of generated rows that D takes for what they are, after the latest adversarial epoch of the run in progress.',
    labels: ['rows'],
  },
  trainingGradientNorm: {
    type: 'gauge',
    name: 'vigil_training_gradient_norm',
    help: 'Root mean square norm of a network’s gradient over the latest 1,000 updates or so of the run in progress.',
    labels: ['network'],
  },
  trainingAccuracy: {
    type: 'gauge',
    name: 'vigil_training_macro_accuracy',
    help: 'Macro accuracy of C on a sample of training rows, after the latest epoch of the run in progress.',
    labels: [],
  },
  trainingProgress: {
    type: 'gauge',
    name: 'vigil_training_progress_ratio',
    help: 'Share of the run in progress that is done, 0 to 1.',
    labels: [],
  },
  trainingCheckpointAge: {
    type: 'gauge',
    name: 'vigil_training_checkpoint_age_seconds',
    help: 'Time since the run in progress last wrote a checkpoint, or since it started when it has none; 0 when no run is in progress.',
    labels: [],
  },
  engineUp: {
    type: 'gauge',
    name: 'vigil_engine_up',
    help: '1 while the engine process answers, 0 while it is away, by engine, device and role.',
    labels: ['engine', 'device', 'role'],
  },
  engineRestarts: {
    type: 'counter',
    name: 'vigil_engine_restarts_total',
    help: 'Times that an engine process was started again, by role and why the one before ended: exit, hang or memory.',
    labels: ['role', 'reason'],
  },
  engineMemory: {
    type: 'gauge',
    name: 'vigil_engine_memory_bytes',
    help: 'Memory of the engine process as it reports it, by pool and role.',
    labels: ['pool', 'role'],
  },
} as const satisfies Readonly<Record<string, MetricFamily>>;

/**
 * Series of prom-client's `collectDefaultMetrics` on Linux, which the dashboard and the alerts may use too. A test
 * holds the list to what prom-client registers.
 */
export const DEFAULT_METRICS = [
  'process_cpu_seconds_total',
  'process_cpu_system_seconds_total',
  'process_cpu_user_seconds_total',
  'process_heap_bytes',
  'process_max_fds',
  'process_open_fds',
  'process_resident_memory_bytes',
  'process_start_time_seconds',
  'process_virtual_memory_bytes',
  'nodejs_active_handles',
  'nodejs_active_handles_total',
  'nodejs_active_requests',
  'nodejs_active_requests_total',
  'nodejs_active_resources',
  'nodejs_active_resources_total',
  'nodejs_eventloop_lag_max_seconds',
  'nodejs_eventloop_lag_mean_seconds',
  'nodejs_eventloop_lag_min_seconds',
  'nodejs_eventloop_lag_p50_seconds',
  'nodejs_eventloop_lag_p90_seconds',
  'nodejs_eventloop_lag_p99_seconds',
  'nodejs_eventloop_lag_seconds',
  'nodejs_eventloop_lag_stddev_seconds',
  'nodejs_external_memory_bytes',
  'nodejs_gc_duration_seconds_bucket',
  'nodejs_gc_duration_seconds_count',
  'nodejs_gc_duration_seconds_sum',
  'nodejs_heap_size_total_bytes',
  'nodejs_heap_size_used_bytes',
  'nodejs_heap_space_size_available_bytes',
  'nodejs_heap_space_size_total_bytes',
  'nodejs_heap_space_size_used_bytes',
  'nodejs_version_info',
] as const;

/** Every series name that a query may use: counters and gauges as they are, histograms with their three suffixes. */
export function seriesNames(): ReadonlySet<string> {
  const own = Object.values(METRICS).flatMap((metric) =>
    metric.type === 'histogram'
      ? ['_bucket', '_sum', '_count'].map((suffix) => metric.name + suffix)
      : [metric.name],
  );
  return new Set<string>([...own, ...DEFAULT_METRICS]);
}
