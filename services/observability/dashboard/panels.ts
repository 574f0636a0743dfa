/** What the dashboard shows, as data: rows of panels with their queries. A test holds every query to the catalogue. */

import { ON, on, quantiles, type RowSpec, rate, series, stat } from './panel.ts';
import { VERSIONS } from './version-panels.ts';

const CLASSIFY = on('rpc_method="vigil.v1.ClassifierService/Classify"');

export const ROWS: readonly RowSpec[] = [
  {
    title: 'Overview',
    panels: [
      stat('Engines up', 'Engine processes that answer.', 'short', `sum(vigil_engine_up${ON})`),
      stat(
        'Classify calls',
        'Calls per second, all statuses.',
        'reqps',
        `sum(${rate(`rpc_server_call_duration_seconds_count${CLASSIFY}`)})`,
      ),
      stat(
        'Failed calls',
        'Share of all calls that ended in a status that is the server’s fault.',
        'percentunit',
        `sum(${rate(`rpc_server_call_duration_seconds_count${on('rpc_status_code=~"UNAVAILABLE|INTERNAL|DATA_LOSS|DEADLINE_EXCEEDED"')}`)}) / sum(${rate(`rpc_server_call_duration_seconds_count${ON}`)})`,
      ),
      stat(
        'Models served',
        'Which version each alias serves.',
        'short',
        `max by (alias, version) (vigil_model_info${ON})`,
        '{{alias}} → {{version}}',
      ),
    ],
  },
  {
    title: 'Serving',
    panels: [
      series(
        'Classify latency',
        'From the first byte to the status, per call.',
        's',
        quantiles('rpc_server_call_duration_seconds', CLASSIFY, [0.5, 0.95, 0.99]),
      ),
      series('Connections refused', 'Per second, by reason.', 'ops', [
        { expr: `sum by (reason) (${rate(`vigil_connections_refused_total${ON}`)})`, legend: '{{reason}}' },
      ]),
      series('Calls by method and status', 'Per second.', 'reqps', [
        {
          expr: `sum by (rpc_method, rpc_status_code) (${rate(`rpc_server_call_duration_seconds_count${ON}`)})`,
          legend: '{{rpc_method}} {{rpc_status_code}}',
        },
      ]),
      series(
        'Time in the queue',
        'How long rows waited for the engine.',
        's',
        quantiles('vigil_inference_queue_seconds'),
      ),
      series(
        'Time on the engine',
        'How long the engine computed one batch.',
        's',
        quantiles('vigil_inference_compute_seconds'),
      ),
      series('Rows per batch', 'Mean over batches; more under load is batching at work.', 'short', [
        {
          expr: `sum(${rate(`vigil_inference_batch_rows_sum${ON}`)}) / sum(${rate(`vigil_inference_batch_rows_count${ON}`)})`,
          legend: 'rows',
        },
      ]),
      series('Why batches went', 'Batches per second by what triggered them.', 'ops', [
        {
          expr: `sum by (reason) (${rate(`vigil_inference_batch_dispatch_total${ON}`)})`,
          legend: '{{reason}}',
        },
      ]),
      series('Rows waiting', 'In the batcher, per pod.', 'short', [
        { expr: `vigil_inference_pending_rows${ON}`, legend: '{{pod}}' },
      ]),
      series('Requests that never ran, or ran again', 'Per second, by reason.', 'reqps', [
        { expr: `sum by (reason) (${rate(`vigil_inference_rejected_total${ON}`)})`, legend: '{{reason}}' },
        { expr: `sum(${rate(`vigil_inference_retried_total${ON}`)})`, legend: 'ran again' },
      ]),
      series(
        'Predictions by class',
        'Share of the rows classified; a shift here is worth a look at the input.',
        'percentunit',
        [
          {
            expr: `sum by (class) (${rate(`vigil_predictions_total${ON}`)}) / scalar(sum(${rate(`vigil_predictions_total${ON}`)}))`,
            legend: '{{class}}',
          },
        ],
      ),
      series('Streams open', 'ClassifyStream calls, per pod.', 'short', [
        { expr: `vigil_streams_open${ON}`, legend: '{{pod}}' },
      ]),
      series(
        'Hops of streams',
        'Per second, by outcome; skipped ones mean that the engine is too slow.',
        'ops',
        [{ expr: `sum by (outcome) (${rate(`vigil_stream_hops_total${ON}`)})`, legend: '{{outcome}}' }],
      ),
      series('Frames of streams', 'Per second, by outcome.', 'ops', [
        { expr: `sum by (outcome) (${rate(`vigil_stream_frames_total${ON}`)})`, legend: '{{outcome}}' },
      ]),
      series('Rows synthesised', 'Per second, by class; rejected rows did not reach the thresholds.', 'ops', [
        { expr: `sum by (class) (${rate(`vigil_synthesised_rows_total${ON}`)})`, legend: '{{class}}' },
        {
          expr: `sum by (class) (${rate(`vigil_synthesis_rejected_rows_total${ON}`)})`,
          legend: '{{class}} rejected',
        },
      ]),
      series(
        'Model swaps',
        'From the decision to serve a version until it served.',
        's',
        quantiles('vigil_model_swap_seconds', ON, [0.5, 0.99]),
      ),
    ],
  },
  VERSIONS,
  {
    title: 'Training',
    panels: [
      series('Progress', 'Share of the run in progress that is done.', 'percentunit', [
        { expr: `vigil_training_progress_ratio${ON}`, legend: '{{pod}}' },
      ]),
      series('Losses', 'Mean of each term over the latest iterations.', 'short', [
        { expr: `vigil_training_loss${ON}`, legend: '{{term}}' },
      ]),
      series('Validation', 'Latest scores of the run in progress.', 'percentunit', [
        { expr: `vigil_training_validation${ON}`, legend: '{{metric}}' },
      ]),
      series(
        'Alike rows',
        'Correlation of two rows of a class: generated rows well above real ones are a collapse.',
        'short',
        [{ expr: `vigil_training_row_correlation${ON}`, legend: '{{class}} {{pair}}' }],
      ),
      series(
        'Copied rows',
        'Distance of generated rows to the nearest real one over that between real rows: near 0 are copies.',
        'short',
        [{ expr: `vigil_training_nearest_real_ratio${ON}`, legend: '{{class}}' }],
      ),
      series('Discriminator', 'Share of rows that it takes for what they are.', 'percentunit', [
        { expr: `vigil_training_discriminator_accuracy${ON}`, legend: '{{rows}}' },
      ]),
      series('Gradient norms', 'Root mean square over the latest updates.', 'short', [
        { expr: `vigil_training_gradient_norm${ON}`, legend: '{{network}}' },
      ]),
      series(
        'Macro accuracy',
        'On training rows and on validation rows: a wide gap is an overfit.',
        'percentunit',
        [
          { expr: `vigil_training_macro_accuracy${ON}`, legend: 'training' },
          {
            expr: `vigil_training_validation${on('metric="macroAccuracy"')}`,
            legend: 'validation',
          },
        ],
      ),
      series(
        'Iteration time',
        'One training iteration, all of its networks.',
        's',
        quantiles('vigil_training_step_seconds'),
      ),
      series('Time in the engine', 'Share of the time that a training computes.', 'percentunit', [
        { expr: rate(`vigil_training_compute_seconds_total${ON}`), legend: '{{pod}}' },
      ]),
      series('Runs by state', 'Stored runs.', 'short', [
        { expr: `sum by (state) (vigil_training_runs${ON})`, legend: '{{state}}' },
      ]),
      series('Age of the checkpoint', 'What an interruption would cost at most.', 's', [
        { expr: `vigil_training_checkpoint_age_seconds${ON}`, legend: '{{pod}}' },
      ]),
    ],
  },
  {
    title: 'Processes',
    panels: [
      series('Engine restarts', 'In the last hour, by role and reason.', 'short', [
        {
          expr: `sum by (role, reason) (increase(vigil_engine_restarts_total${ON}[1h]))`,
          legend: '{{role}} {{reason}}',
        },
      ]),
      series('Engine memory', 'As the engine reports it.', 'bytes', [
        { expr: `vigil_engine_memory_bytes${ON}`, legend: '{{pod}} {{role}} {{pool}}' },
      ]),
      series('Gateway memory', 'Resident.', 'bytes', [
        { expr: `process_resident_memory_bytes${ON}`, legend: '{{pod}}' },
      ]),
      series('Event-loop lag of the gateway', '99th percentile: what every call waits at worst.', 's', [
        { expr: `nodejs_eventloop_lag_p99_seconds${ON}`, legend: '{{pod}}' },
      ]),
    ],
  },
];
