import { expect, test } from 'vitest';
import { VigilError } from '../errors.ts';
import { parseRegimeName, parseSplitOptions, parseTrainingOptions } from './options.ts';

function problem(work: () => unknown): VigilError {
  try {
    work();
  } catch (error) {
    if (error instanceof VigilError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

test('defaults are those of the paper', () => {
  const options = parseTrainingOptions({}, 'joint_scratch');
  expect(options).toMatchObject({ epochs: 100, batchSize: 16, lambdaCls: 1, lambdaCorr: 1, lambdaOpt: 10 });
  expect(options).toMatchObject({
    generatorLearningRate: 1e-4,
    realTarget: 0.9,
    reduction: 'sum',
    selectBy: 'accuracy',
  });
});

test('every bad field is reported at once, with its path and what was found', () => {
  const error = problem(() =>
    parseTrainingOptions({ epochs: 0, schedule: 'linear', colour: 1 }, 'joint_scratch'),
  );
  expect(error.code).toBe('FIELD_INVALID');
  expect(error.fields.map((violation) => violation.field).sort()).toEqual([
    'options.colour',
    'options.epochs',
    'options.schedule',
  ]);
  expect(error.message).toContain('found "linear"');
  expect(error.message).toContain('"active"');
});

test('snapshot options belong to joint_snapshot, and C must unfreeze before the end', () => {
  expect(problem(() => parseTrainingOptions({ unfreezeAfter: 1 }, 'joint_scratch')).fields[0]?.field).toBe(
    'options.unfreezeAfter',
  );
  expect(parseTrainingOptions({ epochs: 4, unfreezeAfter: 3 }, 'joint_snapshot').unfreezeAfter).toBe(3);
  expect(
    problem(() => parseTrainingOptions({ epochs: 4, unfreezeAfter: 4 }, 'joint_snapshot')).message,
  ).toContain('below epochs');
});

test('an option of some regimes is refused elsewhere, with the regimes that have it', () => {
  expect(parseTrainingOptions({ pretrainEpochs: 2 }, 'two_stage').pretrainEpochs).toBe(2);
  expect(problem(() => parseTrainingOptions({ pretrainEpochs: 2 }, 'smote')).message).toContain(
    'only with joint_snapshot or two_stage',
  );
  const own = {
    focal: { focalGamma: 0.5 },
    logit_adjusted: { logitAdjustment: 2 },
    smote: { smoteNeighbours: 3 },
    perturbed: { jitterSigma: 0, scaleSigma: 0.3, warpSigma: 1 },
  } as const;
  for (const [regime, options] of Object.entries(own)) {
    expect(parseTrainingOptions(options, regime as keyof typeof own)).toMatchObject(options);
    expect(problem(() => parseTrainingOptions(options, 'weighted')).message).toContain(`only with ${regime}`);
  }
});

test('the generator keeps at least one term', () => {
  const most = ['adversarial', 'classification', 'correlation'];
  expect(parseTrainingOptions({ ablate: most }, 'joint_scratch').ablate).toEqual(most);
  for (const options of [{ ablate: [...most, 'joint'] }, { ablate: most, lambdaOpt: 0 }]) {
    const { fields, message } = problem(() => parseTrainingOptions(options, 'joint_scratch'));
    expect(fields[0]?.field).toBe('options.ablate');
    expect(message).toContain('allowed: at least one term');
  }
});

test('a weight on diversity belongs to mode seeking', () => {
  expect(parseTrainingOptions({}, 'joint_scratch')).toMatchObject({ diversity: 'none' });
  const given = { diversity: 'mode_seeking', diversityWeight: 0.3 };
  expect(parseTrainingOptions(given, 'joint_scratch')).toMatchObject(given);
  expect(problem(() => parseTrainingOptions({ diversityWeight: 0.3 }, 'joint_scratch')).message).toBe(
    'options.diversityWeight: found a value with diversity none; allowed: only with diversity mode_seeking',
  );
});

test('mixtures without anything of G have nothing that its density could weigh', () => {
  const given = { syntheticMixing: 0.9, syntheticWeights: 'density_ratio' };
  expect(parseTrainingOptions(given, 'joint_scratch')).toMatchObject(given);
  expect(
    problem(() => parseTrainingOptions({ ...given, syntheticMixing: 1 }, 'joint_scratch')).message,
  ).toContain('options.syntheticWeights: found density_ratio with syntheticMixing 1');
});

test("a regime's own defaults give way to what is given, and are checked with it", () => {
  const own = { diversity: 'mode_seeking', diversityWeight: 0.3, syntheticMixing: 0.5 };
  expect(parseTrainingOptions(undefined, 'joint_recommended')).toMatchObject(own);
  const given = { diversityWeight: 2, syntheticMixing: 0 };
  expect(parseTrainingOptions(given, 'joint_recommended')).toMatchObject({ ...own, ...given });
  expect(parseTrainingOptions({ diversity: 'none' }, 'joint_recommended').diversity).toBe('none');
  const against = { diversity: 'none', diversityWeight: 2 };
  expect(problem(() => parseTrainingOptions(against, 'joint_recommended')).fields[0]?.field).toBe(
    'options.diversityWeight',
  );
  expect(parseTrainingOptions({}, 'joint_scratch')).toMatchObject({ diversity: 'none', syntheticMixing: 0 });
});

test("the height of kernels is a choice of the paper's classifier alone", () => {
  const options = { classifierArchitecture: 'residual', kernelHeight: 'all' };
  const { fields, message } = problem(() => parseTrainingOptions(options, 'classifier_only'));
  expect(fields[0]?.field).toBe('options.kernelHeight');
  expect(message).toContain('only with paper');
});

test('a split by fold names two different folds, and shares leave rows to train on', () => {
  expect(problem(() => parseSplitOptions({ by: 'fold', testFold: 1 })).fields[0]?.field).toBe(
    'split.testFold',
  );
  expect(
    problem(() => parseSplitOptions({ by: 'fold', testFold: 1, validationFold: 1 })).fields[0]?.field,
  ).toBe('split.validationFold');
  for (const others of [{ testFold: 1 }, { by: 'group', testFold: 1, validationFold: 2 }])
    expect(problem(() => parseSplitOptions(others)).message).toContain('only with by "fold"');
  expect(problem(() => parseSplitOptions({ validationFold: 0 })).fields[0]?.field).toBe(
    'split.validationFold',
  );
  expect(problem(() => parseSplitOptions({ testShare: 0.8, validationShare: 0.5 })).fields[0]?.field).toBe(
    'split.testShare',
  );
  expect(parseSplitOptions(undefined)).toEqual({ testShare: 0.2, validationShare: 0.15 });
});

test('an unknown regime is refused with the known ones', () => {
  expect(problem(() => parseRegimeName('joint')).message).toContain(
    'classifier_only, joint_scratch, joint_snapshot',
  );
});
