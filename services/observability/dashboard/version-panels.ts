import { ON, on, type RowSpec, rate, series } from './panel.ts';

const COMPARED = rate(`vigil_shadow_rows_total${on('outcome="compared"')}`);

/** Canaries, shadows, drift, memory. */
export const VERSIONS: RowSpec = {
  title: 'Versions',
  panels: [
    series('Traffic shares', 'What canaries and shadows get of the requests.', 'percentunit', [
      {
        expr: `max by (alias, version, mode) (vigil_model_traffic_share${ON})`,
        legend: '{{alias}} {{mode}} {{version}}',
      },
    ]),
    series(
      'Predictions, primary and canary',
      'Share of each class among the rows that a side answered; the sides should agree.',
      'percentunit',
      [
        {
          expr: `sum by (alias, side, class) (${rate(`vigil_predictions_total${ON}`)}) / on (alias, side) group_left sum by (alias, side) (${rate(`vigil_predictions_total${ON}`)})`,
          legend: '{{alias}} {{side}} {{class}}',
        },
      ],
    ),
    series(
      'Shadow disagreement',
      'Share of compared rows with another top class, and the mean difference of a probability.',
      'percentunit',
      [
        {
          expr: `sum by (alias) (${rate(`vigil_shadow_disagreements_total${ON}`)}) / sum by (alias) (${COMPARED})`,
          legend: '{{alias}} top class',
        },
        {
          expr: `sum by (alias) (${rate(`vigil_shadow_difference_total${ON}`)}) / sum by (alias) (${COMPARED})`,
          legend: '{{alias}} probability',
        },
      ],
    ),
    series('Shadow rows', 'Per second, by outcome; dropped where callers waited.', 'ops', [
      {
        expr: `sum by (alias, outcome) (${rate(`vigil_shadow_rows_total${ON}`)})`,
        legend: '{{alias}} {{outcome}}',
      },
    ]),
    series(
      'Input drift',
      'Population stability index of each channel against the training rows: below 0.1 nothing, above 0.25 a lot.',
      'short',
      [{ expr: `max by (alias, channel) (vigil_input_drift_psi${ON})`, legend: '{{alias}} {{channel}}' }],
    ),
    series('Values out of range', 'Share of values beyond the scaling limits, by channel.', 'percentunit', [
      {
        expr: `max by (alias, channel) (vigil_input_out_of_range_ratio${ON})`,
        legend: '{{alias}} {{channel}}',
      },
    ]),
    series('Prediction drift', 'Predicted classes against those of the held-out test rows.', 'short', [
      { expr: `max by (alias) (vigil_prediction_drift_psi${ON})`, legend: '{{alias}}' },
    ]),
    series('Models in memory', 'Weights, as the engine counts them.', 'bytes', [
      { expr: `sum by (pod) (vigil_model_memory_bytes${ON})`, legend: '{{pod}}' },
    ]),
  ],
};
