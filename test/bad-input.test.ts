/** Every bad input over the wire: the status, the code, the field, and a text that says what is allowed. */
import { connect } from 'node:http2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeNpz } from '../src/data/npz.ts';
import { rawOf, startServer, type TestServer, trainToEnd } from './support/server.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer({ VIGIL_MAX_MESSAGE_BYTES: '65536', VIGIL_MAX_DATASET_BYTES: '200000' });
  const dataset = 'simulated:small?rows=60&steps=16';
  const common = { dataset, options: { epochs: 1, latentSize: 8 } };
  const version = await trainToEnd(server, { ...common, requestId: 'joint', regime: 'joint_scratch' });
  await server.models.setAlias({ alias: 'stable', version });
  await trainToEnd(server, { ...common, requestId: 'classifier', regime: 'classifier_only' });
}, 120_000);

afterAll(() => server?.stop());

/** What a caller must be told: status, code, and a field or a part of the text. */
type Told = [status: string, reason: string, field: string, text: RegExp];

async function expectTold(
  call: Promise<unknown> | AsyncIterable<unknown>,
  [status, reason, field, text]: Told,
) {
  const drained = async (): Promise<void> => {
    if (Symbol.asyncIterator in call) for await (const _ of call);
    else await call;
  };
  const error = await drained().then(
    () => undefined,
    (thrown: unknown) => thrown as { message: string; fields: { field: string }[] },
  );
  expect(error).toMatchObject({ status, reason });
  expect(error!.message).toMatch(text);
  if (field !== '') expect(error!.fields.map((each) => each.field)).toContain(field);
}

const good = (): Uint8Array => rawOf(new Float32Array(18 * 16));
const classify = (shape: number[], raw: Uint8Array, model = '') =>
  server.classifier.classify({
    model,
    samples: { shape: shape.map(BigInt), data: { case: 'raw', value: raw } },
  });
const withValue = (at: number, value: number): Uint8Array => {
  const values = new Float32Array(18 * 16);
  values[at] = value;
  return rawOf(values);
};

describe('Classify', () => {
  const tensor = (field: string, text: RegExp): Told => ['INVALID_ARGUMENT', 'TENSOR_INVALID', field, text];
  const cases: [string, () => Promise<unknown>, Told][] = [
    ['no samples', () => server.classifier.classify({}), tensor('samples', /found nothing/)],
    [
      'no data',
      () => server.classifier.classify({ samples: { shape: [18n, 16n] } }),
      tensor('samples', /without data/),
    ],
    [
      'no shape',
      () => classify([], good()),
      tensor('samples.shape', /found \[\]; allowed: \[rows, 18, 16\]/),
    ],
    ['rank 1', () => classify([288], good()), tensor('samples.shape', /found \[288\]/)],
    ['rank 4', () => classify([1, 1, 18, 16], good()), tensor('samples.shape', /found \[1, 1, 18, 16\]/)],
    ['channels', () => classify([1, 17, 16], good()), tensor('samples.shape', /found \[1, 17, 16\]/)],
    ['steps', () => classify([1, 18, 100], good()), tensor('samples.shape', /allowed: \[rows, 18, 16\]/)],
    ['zero rows', () => classify([0, 18, 16], good()), tensor('samples.shape', /rows of at least 1/)],
    ['negative rows', () => classify([-1, 18, 16], good()), tensor('samples.shape', /found \[-1, 18, 16\]/)],
    [
      'short',
      () => classify([1, 18, 16], good().slice(4)),
      tensor('samples.raw', /1148 bytes; allowed: 1152 bytes/),
    ],
    ['long', () => classify([2, 18, 16], good()), tensor('samples.raw', /1152 bytes; allowed: 2304 bytes/)],
    ['not whole floats', () => classify([1, 18, 16], good().slice(1)), tensor('samples.raw', /1151 bytes/)],
    [
      'NaN',
      () => classify([18, 16], withValue(35, Number.NaN)),
      tensor('samples', /NaN at row 0, channel 2 \(.+\), step 3/),
    ],
    [
      'infinity',
      () => classify([18, 16], withValue(0, Number.NEGATIVE_INFINITY)),
      tensor('samples', /-Infinity at row 0/),
    ],
    [
      'floats of another length',
      () =>
        server.classifier.classify({
          samples: { shape: [18n, 16n], data: { case: 'floats', value: { values: [1] } } },
        }),
      tensor('samples.floats.values', /1 values; allowed: 288/),
    ],
    [
      'unknown version',
      () => classify([18, 16], good(), '99'),
      ['NOT_FOUND', 'MODEL_NOT_FOUND', '', /"99"; aliases: .*stable \(version 1\)/],
    ],
    [
      'unknown alias',
      () => classify([18, 16], good(), 'best'),
      ['NOT_FOUND', 'MODEL_NOT_FOUND', '', /"best"/],
    ],
  ];
  test.each(cases)('%s', async (_, call, told) => expectTold(call(), told));

  test('an oversized message is refused with both sizes, as every gRPC server does', async () => {
    await expectTold(classify([100, 18, 16], new Uint8Array(115_200)), [
      'RESOURCE_EXHAUSTED',
      '',
      '',
      /115\d\d\d vs.? 65536/,
    ]);
  });

  test('a deadline that has passed', async () => {
    const call = server.classifier.classify(
      { samples: { shape: [18n, 16n], data: { case: 'raw', value: good() } } },
      { timeoutMs: 0 },
    );
    await expect(call).rejects.toMatchObject({ status: 'DEADLINE_EXCEEDED' });
  });

  test('bytes that are no message', async () => {
    const session = connect(`http://127.0.0.1:${server.app.grpcPort}`);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/vigil.v1.ClassifierService/Classify',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    // A frame of three bytes that begin a field and end too early.
    stream.end(Buffer.from([0, 0, 0, 0, 3, 0x12, 0x7f, 0x01]));
    const status = await new Promise((resolve, reject) => {
      const look = (headers: Record<string, unknown>): void => {
        if (headers['grpc-status'] !== undefined) resolve([headers['grpc-status'], headers['grpc-message']]);
      };
      stream.on('response', look);
      stream.on('trailers', look);
      stream.on('error', reject);
      stream.resume();
    });
    session.close();
    expect(status).toEqual(['3', expect.stringContaining('vigil.v1.ClassifyRequest')]);
  });
});

describe('Synthesize', () => {
  const one = [{ className: 'alert', rows: 1n }];
  const field = (name: string, text: RegExp): Told => ['INVALID_ARGUMENT', 'FIELD_INVALID', name, text];
  const cases: [string, object, Told][] = [
    ['no counts', {}, field('counts', /at least one class/)],
    [
      'unknown class',
      { counts: [{ className: 'sleepy', rows: 1n }] },
      ['INVALID_ARGUMENT', 'CLASS_UNKNOWN', 'counts[0].class_name', /"sleepy"; allowed: alert/],
    ],
    [
      'zero rows',
      { counts: [{ className: 'alert', rows: 0n }] },
      field('counts[0].rows', /found 0; allowed: 1 to/),
    ],
    ['negative rows', { counts: [{ className: 'alert', rows: -5n }] }, field('counts[0].rows', /found -5/)],
    [
      'too many rows',
      { counts: [{ className: 'alert', rows: 10n ** 9n }] },
      field('counts[0].rows', /1000000000/),
    ],
    ['a class twice', { counts: [...one, ...one] }, field('counts[1].class_name', /second time/)],
    ['chunk too large', { counts: one, chunkRows: 257 }, field('chunk_rows', /found 257; allowed: 1 to 256/)],
    ['negative chunk', { counts: one, chunkRows: -1 }, field('chunk_rows', /found -1/)],
    ['negative first row', { counts: one, firstRow: -1n }, field('first_row', /found -1/)],
    [
      'seed too large',
      { counts: one, seed: 2n ** 60n },
      field('seed', /1152921504606846976; allowed: 0 to 9007199254740991/),
    ],
    ['unknown units', { counts: one, units: 7 }, field('units', /found 7/)],
    [
      'a model without a generator',
      { counts: one, model: 'candidate' },
      ['FAILED_PRECONDITION', 'MODEL_INCOMPATIBLE', '', /classifier_only and has no generator/],
    ],
    ['unknown model', { counts: one, model: 'nobody' }, ['NOT_FOUND', 'MODEL_NOT_FOUND', '', /"nobody"/]],
  ];
  test.each(cases)('%s', async (_, request, told) =>
    expectTold(server.synthesizer.synthesize(request), told),
  );
});

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

describe('UploadDataset', () => {
  const npz = (change: Partial<Parameters<typeof writeNpz>[0]> = {}): Uint8Array =>
    writeNpz({
      X: { shape: [6, 2, 3], data: Float32Array.from({ length: 36 }, (_, i) => i) },
      y: { shape: [6], data: Int32Array.from([0, 1, 0, 1, 0, 1]) },
      ...(change as object),
    });
  const header = { name: 'mine', fileName: 'mine.npz' };
  const upload = (parts: object[]) => server.datasets.uploadDataset(parts as never);
  const send = (change: object, bytes: Uint8Array) =>
    upload([
      { part: { case: 'header', value: { ...header, ...change } } },
      { part: { case: 'data', value: bytes } },
    ]);
  const field = (name: string, text: RegExp): Told => ['INVALID_ARGUMENT', 'FIELD_INVALID', name, text];
  const malformed = (text: RegExp): Told => ['INVALID_ARGUMENT', 'DATASET_MALFORMED', '', text];
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  const cases: [string, () => Promise<unknown>, Told][] = [
    ['nothing', () => upload([]), field('header', /a header first/)],
    ['data first', () => upload([{ part: { case: 'data', value: npz() } }]), field('header', /data first/)],
    ['an empty part', () => upload([{}]), field('part', /header or data/)],
    [
      'a bad name',
      () => send({ name: 'My Data' }, npz()),
      field('header.name', /"My Data"; allowed: 1 to 63/),
    ],
    ['a path', () => send({ fileName: '../x.npz' }, npz()), field('header.file_name', /"..\/x.npz"/)],
    [
      'another format',
      () => send({ fileName: 'x.parquet' }, npz()),
      field('header.file_name', /.npz, .json or .csv/),
    ],
    [
      'a bad hash',
      () => send({ fileSha256: 'abc' }, npz()),
      field('header.file_sha256', /64 lower-case hex/),
    ],
    [
      'another hash',
      () => send({ fileSha256: '0'.repeat(64) }, npz()),
      field('header.file_sha256', /hash of the bytes received/),
    ],
    ['no archive', () => send({}, new Uint8Array(5000).fill(1)), malformed(/no readable zip archive/)],
    ['truncated', () => send({}, npz().slice(0, 100)), malformed(/mine.npz/)],
    [
      'a missing key',
      () => send({}, writeNpz({ X: { shape: [1, 1, 1], data: new Float32Array(1) } })),
      malformed(/y/),
    ],
    [
      'a wrong shape',
      () => send({}, npz({ X: { shape: [36], data: new Float32Array(36) } })),
      malformed(/X: found shape \(36\); allowed: \(rows, channels, steps\)/),
    ],
    [
      'labels of another length',
      () => send({}, npz({ y: { shape: [3], data: Int32Array.from([0, 1, 0]) } })),
      malformed(/y/),
    ],
    [
      'NaN',
      () => send({}, npz({ X: { shape: [6, 2, 3], data: new Float32Array(36).fill(Number.NaN) } })),
      malformed(/NaN/),
    ],
    [
      'one class',
      () => send({}, npz({ y: { shape: [6], data: new Int32Array(6) } })),
      ['INVALID_ARGUMENT', 'DATASET_UNSUITABLE', '', /class/],
    ],
    [
      'a label without a name',
      () =>
        send(
          { classNames: ['a', 'b'] },
          npz({ y: { shape: [6], data: Int32Array.from([0, 1, 2, 0, 1, 2]) } }),
        ),
      malformed(/y\[2\]: found 2; allowed: 0 to 1 \(a, b\)/),
    ],
    ['JSON that is none', () => send({ fileName: 'x.json' }, text('{')), malformed(/x.json/)],
    ['CSV without columns', () => send({ fileName: 'x.csv' }, text('a,b\n1,2\n')), malformed(/x.csv/)],
  ];
  test.each(cases)('%s', async (_, call, told) => expectTold(call(), told));

  test('more bytes than allowed', async () => {
    const parts = Array.from({ length: 5 }, () => ({
      part: { case: 'data', value: new Uint8Array(50_000) },
    }));
    await expectTold(
      upload([{ part: { case: 'header', value: header } }, ...parts]),
      field('data', /more than 200000 bytes/),
    );
  });

  test('good data is stored once; other content under its name is refused', async () => {
    const { dataset } = await send({}, npz());
    expect(dataset).toMatchObject({ name: 'mine', rows: 6n, steps: 3, classRows: [3n, 3n], groups: 0n });
    expect((await send({}, npz())).dataset?.createTime).toEqual(dataset?.createTime);
    const other = npz({ X: { shape: [6, 2, 3], data: new Float32Array(36).map((_, i) => i * i) } });
    await expectTold(send({}, other), ['ALREADY_EXISTS', 'DATASET_EXISTS', '', /delete it first/]);
    expect((await server.datasets.listDatasets({})).datasets.map(({ name }) => name)).toEqual(['mine']);
    await server.datasets.deleteDataset({ name: 'mine' });
    await expectTold(server.datasets.getDataset({ name: 'mine' }), [
      'NOT_FOUND',
      'DATASET_NOT_FOUND',
      '',
      /"mine"/,
    ]);
  });
});
