/** Bad uploads over the wire. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeNpz } from '../src/data/npz.ts';
import { startServer, type TestServer } from './support/server.ts';
import { expectTold, type Told } from './support/told.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer({ VIGIL_MAX_MESSAGE_BYTES: '65536', VIGIL_MAX_DATASET_BYTES: '200000' });
}, 120_000);

afterAll(() => server?.stop());

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

  test('a fifth upload at a time is told to come back, and the four go on', async () => {
    let finish = (): void => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    async function* slow(name: string) {
      yield { part: { case: 'header', value: { ...header, name } } };
      await finished;
      yield { part: { case: 'data', value: npz() } };
    }
    const names = ['a', 'b', 'c', 'd'];
    const four = names.map((name) => server.datasets.uploadDataset(slow(name) as never));
    // Until all four have arrived.
    await expect
      .poll(() => send({ name: 'fifth' }, npz()).catch(({ reason }) => reason))
      .toBe('TOO_MANY_STREAMS');
    finish();
    const stored = await Promise.all(four);
    expect(stored.map(({ dataset }) => dataset!.name)).toEqual(names);
    await send({ name: 'fifth' }, npz());
    for (const name of [...names, 'fifth']) await server.datasets.deleteDataset({ name });
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
