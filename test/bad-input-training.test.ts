/** Bad input of Train, of names, pages and aliases over the wire. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer, trainToEnd } from './support/server.ts';
import { expectTold, type Told } from './support/told.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer({ VIGIL_MAX_MESSAGE_BYTES: '65536', VIGIL_MAX_DATASET_BYTES: '200000' });
  const dataset = 'simulated:small?rows=60&steps=16';
  const common = { dataset, options: { epochs: 1, latentSize: 8 } };
  const version = await trainToEnd(server, { ...common, requestId: 'joint', regime: 'joint_scratch' });
  await server.models.setAlias({ alias: 'stable', version });
}, 120_000);

afterAll(() => server?.stop());

describe('Train', () => {
  const base = { requestId: 'x', dataset: 'simulated:small', regime: 'joint_scratch' };
  const field = (name: string, text: RegExp): Told => ['INVALID_ARGUMENT', 'FIELD_INVALID', name, text];
  const cases: [string, object, Told][] = [
    ['no request_id', { requestId: '' }, field('request_id', /0 characters; allowed: 1 to 128/)],
    ['long request_id', { requestId: 'x'.repeat(129) }, field('request_id', /129 characters/)],
    ['long display_name', { displayName: 'x'.repeat(129) }, field('display_name', /at most 128/)],
    ['no dataset', { dataset: '' }, field('dataset', /the name of a dataset/)],
    [
      'unknown dataset',
      { dataset: 'nothing' },
      ['NOT_FOUND', 'DATASET_NOT_FOUND', 'dataset', /no dataset "nothing"/],
    ],
    ['a path', { dataset: '../../etc/passwd' }, ['NOT_FOUND', 'DATASET_NOT_FOUND', 'dataset', /passwd/]],
    [
      'unknown example',
      { dataset: 'example:constructor' },
      ['NOT_FOUND', 'DATASET_NOT_FOUND', 'dataset', /example:uta-rldd-blinks/],
    ],
    ['unknown preset', { dataset: 'simulated:huge' }, field('dataset', /simulated:paper or simulated:small/)],
    [
      'bad parameter',
      { dataset: 'simulated:small?rows=two' },
      field('dataset: rows', /"two"; allowed: an integer/),
    ],
    [
      'unknown regime',
      { regime: 'magic' },
      field('regime', /"magic"; allowed: classifier_only, joint_scratch, joint_snapshot/),
    ],
    ['zero epochs', { options: { epochs: 0 } }, field('options.epochs', /found 0/)],
    [
      'negative rate',
      { options: { classifierLearningRate: -1 } },
      field('options.classifierLearningRate', /found -1/),
    ],
    [
      'NaN rate',
      { options: { generatorLearningRate: Number.NaN } },
      field('options.generatorLearningRate', /NaN|null/),
    ],
    ['unknown schedule', { options: { schedule: 'linear' } }, field('options.schedule', /"linear"/)],
    ['unknown term', { options: { ablate: ['nothing'] } }, field('options.ablate.0', /"nothing"/)],
    [
      'unfreezeAfter elsewhere',
      { options: { unfreezeAfter: 3 } },
      field('options.unfreezeAfter', /only with joint_snapshot/),
    ],
    [
      'no term left',
      { options: { ablate: ['adversarial', 'classification', 'correlation', 'joint'] } },
      field('options.ablate', /leaves no term/),
    ],
    ['focalGamma elsewhere', { options: { focalGamma: 2 } }, field('options.focalGamma', /only with focal/)],
    [
      'two bad fields at once',
      { options: { epochs: -1, batchSize: 0 } },
      field('options.batchSize', /options.epochs.*options.batchSize/),
    ],
    ['unknown split', { split: { by: 'magic' } }, field('split.by', /"magic"/)],
    ['share too large', { split: { by: 'group', testShare: 2 } }, field('split.testShare', /found 2/)],
    ['fold without folds', { split: { by: 'fold' } }, field('split.testFold', /no fold/)],
  ];
  test.each(cases)('%s', async (_, change, told) =>
    expectTold(server.training.train({ ...base, ...change }), told),
  );

  test('data that cannot be divided as asked fails the run, with the field', async () => {
    const { name } = await server.training.train({
      ...base,
      requestId: 'folds',
      split: { by: 'fold', testFold: 1, validationFold: 2 },
    });
    const done = await server.operations.waitOperation({ name });
    expect(done.result.case).toBe('error');
    expect(done.result.value).toMatchObject({
      code: 3,
      message: expect.stringContaining('the data has no folds'),
    });
  });
});

describe('names, pages and aliases', () => {
  const field = (name: string, text: RegExp): Told => ['INVALID_ARGUMENT', 'FIELD_INVALID', name, text];
  const cases: [string, () => Promise<unknown> | AsyncIterable<unknown>, Told][] = [
    ['GetRun of no name', () => server.training.getRun({ name: '' }), field('name', /runs\/\{id\}/)],
    [
      'GetRun of another collection',
      () => server.training.getRun({ name: 'operations/a' }),
      field('name', /runs\/\{id\}/),
    ],
    [
      'GetRun of an unknown run',
      () => server.training.getRun({ name: 'runs/a' }),
      ['NOT_FOUND', 'RUN_NOT_FOUND', '', /no run runs\/a/],
    ],
    [
      'WatchTraining of an unknown run',
      () => server.training.watchTraining({ name: 'runs/a' }),
      ['NOT_FOUND', 'RUN_NOT_FOUND', '', /runs\/a/],
    ],
    [
      'GetOperation',
      () => server.operations.getOperation({ name: 'operations/a' }),
      ['NOT_FOUND', 'OPERATION_NOT_FOUND', '', /operations\/a/],
    ],
    [
      'CancelOperation',
      () => server.operations.cancelOperation({ name: 'operations/a' }),
      ['NOT_FOUND', 'OPERATION_NOT_FOUND', '', /operations\/a/],
    ],
    [
      'WaitOperation',
      () => server.operations.waitOperation({ name: 'a' }),
      field('name', /operations\/\{id\}/),
    ],
    [
      'negative timeout',
      async () => {
        const { operations } = await server.operations.listOperations({});
        return server.operations.waitOperation({ name: operations[0]!.name, timeout: { seconds: -1n } });
      },
      field('timeout', /-1000 ms/),
    ],
    [
      'a filter',
      () => server.operations.listOperations({ filter: 'done=true' }),
      field('filter', /not supported/),
    ],
    [
      'negative page',
      () => server.training.listRuns({ pageSize: -1 }),
      field('page_size', /found -1; allowed: 0 to 1000/),
    ],
    [
      'a made-up token',
      () => server.training.listRuns({ pageToken: '%%%' }),
      field('page_token', /next_page_token/),
    ],
    ['SetAlias of no alias', () => server.models.setAlias({ version: '1' }), field('alias', /lower-case/)],
    [
      'SetAlias to no version',
      () => server.models.setAlias({ alias: 'stable' }),
      field('version', /a version or an alias/),
    ],
    [
      'SetAlias of a number',
      () => server.models.setAlias({ alias: '1', version: '1' }),
      field('alias', /beginning with a letter/),
    ],
    [
      'SetAlias to an unknown version',
      () => server.models.setAlias({ alias: 'stable', version: '9' }),
      ['NOT_FOUND', 'MODEL_NOT_FOUND', '', /"9"/],
    ],
    [
      'SetAlias that lost a race',
      () => server.models.setAlias({ alias: 'stable', version: '1', expectedVersion: '2' }),
      ['ABORTED', 'ALIAS_CONFLICT', '', /points at version 1; expected version 2/],
    ],
    [
      'SetAlias by force without a reason',
      () => server.models.setAlias({ alias: 'stable', version: '1', force: true }),
      field('reason', /found nothing; allowed: why the gate is overruled/),
    ],
    [
      'SetAlias with a long reason',
      () => server.models.setAlias({ alias: 'stable', version: '1', reason: 'x'.repeat(513) }),
      field('reason', /found 513 characters; allowed: at most 512/),
    ],
    [
      'changes of no alias',
      () => server.models.listAliasChanges({ alias: '1' }),
      field('alias', /beginning with a letter/),
    ],
    [
      'export of an unknown version',
      async () => {
        for await (const _ of server.models.exportModel({ model: '99' })) break;
      },
      ['NOT_FOUND', 'MODEL_NOT_FOUND', '', /"99"/],
    ],
    [
      'Check of an unknown service',
      () => server.health.check({ service: 'nobody' }),
      ['NOT_FOUND', 'HEALTH_NAME_UNKNOWN', '', /"nobody"; known/],
    ],
  ];
  test.each(cases)('%s', async (_, call, told) => expectTold(call(), told));

  test('a run that is over cannot be cancelled', async () => {
    const { runs } = await server.training.listRuns({});
    const done = runs.find(({ modelVersion }) => modelVersion === '1')!;
    await expectTold(server.operations.cancelOperation({ name: done.operation }), [
      'FAILED_PRECONDITION',
      'RUN_STATE',
      '',
      /is succeeded/,
    ]);
  });
});
