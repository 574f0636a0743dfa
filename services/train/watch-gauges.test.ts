import { create, toJson } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import type { EpochRecord, EpochWatch } from '../../src/evaluation/history.ts';
import { EpochRecordSchema } from '../gen/vigil/v1/train_pb.ts';
import { createMetrics } from '../observability/metrics.ts';
import { toEpoch } from './convert.ts';
import { hideWatch, showWatch } from './watch-gauges.ts';

const WATCH: EpochWatch = {
  trainingMacroAccuracy: 0.75,
  gradientNorms: { generator: 12, discriminator: 3 },
  discriminator: { real: 0.5, fake: 1 },
  classes: [
    { className: 'alert', realReal: 0.25, genGen: 0.5, genReal: 0.125, nearestRatio: 1.5 },
    { className: 'drowsy', realReal: null, genGen: 1, genReal: 0, nearestRatio: null },
  ],
};

test('a watched epoch is in the exposition, what is undefined is not, and nothing is left when the run ends', async () => {
  const { instruments, expose } = createMetrics();
  const lines = async (): Promise<string[]> =>
    (await expose()).body
      .split('\n')
      .filter((line) => /^vigil_training_(row|nearest|discriminator|gradient|macro)/.test(line));
  showWatch(instruments, WATCH);
  expect((await lines()).toSorted()).toEqual([
    'vigil_training_discriminator_accuracy{rows="generated"} 1',
    'vigil_training_discriminator_accuracy{rows="real"} 0.5',
    'vigil_training_gradient_norm{network="discriminator"} 3',
    'vigil_training_gradient_norm{network="generator"} 12',
    'vigil_training_macro_accuracy 0.75',
    'vigil_training_nearest_real_ratio{class="alert"} 1.5',
    'vigil_training_row_correlation{class="alert",pair="gen_gen"} 0.5',
    'vigil_training_row_correlation{class="alert",pair="gen_real"} 0.125',
    'vigil_training_row_correlation{class="alert",pair="real_real"} 0.25',
    'vigil_training_row_correlation{class="drowsy",pair="gen_gen"} 1',
    'vigil_training_row_correlation{class="drowsy",pair="gen_real"} 0',
  ]);
  hideWatch(instruments);
  expect(await lines()).toEqual(['vigil_training_macro_accuracy 0']);
});

test('on the wire what is undefined is unset', () => {
  const record: EpochRecord = {
    epoch: 1,
    steps: 10,
    losses: {},
    validation: { accuracy: 1, macroAccuracy: 1, macroAuc: null },
    learningRate: 1e-4,
    classifierUpdates: 10,
    seconds: 1,
    watch: WATCH,
  };
  const sent = (epoch: EpochRecord): unknown =>
    toJson(EpochRecordSchema, create(EpochRecordSchema, toEpoch(epoch)), { alwaysEmitImplicit: true });
  expect(sent(record)).toMatchObject({
    watch: {
      trainingMacroAccuracy: 0.75,
      gradientNorms: { generator: 12 },
      discriminatorRealAccuracy: 0.5,
      discriminatorFakeAccuracy: 1,
      classes: [
        { className: 'alert', realReal: 0.25, genGen: 0.5, genReal: 0.125, nearestRatio: 1.5 },
        { className: 'drowsy', genGen: 1, genReal: 0 },
      ],
    },
  });
  const json = JSON.stringify(sent({ ...record, watch: { ...WATCH, discriminator: null } }));
  expect(json).not.toContain('discriminatorRealAccuracy');
  expect(json.match(/realReal/g)).toHaveLength(1);
  const { watch: _, ...earlier } = record;
  expect(sent(earlier)).not.toHaveProperty('watch');
});
