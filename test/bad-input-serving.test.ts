/** Bad input of Classify and Synthesize over the wire: status, code, field, and a text that says what is allowed. */
import { connect } from 'node:http2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rawOf, startServer, type TestServer, trainToEnd } from './support/server.ts';
import { expectTold, type Told } from './support/told.ts';

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
