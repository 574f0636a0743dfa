import { expect, test } from 'vitest';
import { loadDataset, parseDataset } from './load-dataset.ts';
import { writeNpz } from './npz.ts';
import { openDataset, parseSimulated } from './open-dataset.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const arrays = {
  X: { shape: [4, 2, 3], data: Float32Array.from({ length: 24 }, (_, i) => i) },
  y: { shape: [4], data: Int32Array.from([0, 1, 1, 0]) },
  subject: { shape: [4], data: Int32Array.from([7, 7, 9, 9]) },
  class_names: { shape: [2], data: ['awake', 'asleep'] },
};
type Arrays = Parameters<typeof writeNpz>[0];
const npz = (change: object = {}): Uint8Array => writeNpz({ ...arrays, ...change } as Arrays);

test('NPZ: samples, labels, groups and names', () => {
  const { dataset, report } = parseDataset(npz(), 'a/faces.npz', { channelNames: ['left', 'right'] });
  expect(dataset).toMatchObject({
    name: 'faces',
    rows: 4,
    channels: 2,
    steps: 3,
    classNames: ['awake', 'asleep'],
    channelNames: ['left', 'right'],
  });
  expect([...dataset.values]).toEqual(Array.from({ length: 24 }, (_, i) => i));
  expect([...dataset.labels]).toEqual([0, 1, 1, 0]);
  expect([...dataset.groups!]).toEqual([7, 7, 9, 9]);
  expect(report.kept).toBe(4);
});

test('the hash is of the content: equal files, equal hashes; any change, another', () => {
  const hash = (file: Uint8Array): string => parseDataset(file, 'x.npz').dataset.sha256;
  expect(hash(npz())).toBe(hash(npz()));
  expect(hash(npz({ y: { shape: [4], data: Int32Array.from([0, 1, 1, 1]) } }))).not.toBe(hash(npz()));
});

const floats = (shape: number[], fill = 0) => ({
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(fill),
});
const without = (key: string): Uint8Array =>
  writeNpz(Object.fromEntries(Object.entries(arrays).filter(([name]) => name !== key)) as Arrays);

test.each<[string, Uint8Array, string, RegExp]>([
  ['no archive', bytes('PK nothing'), 'x.npz', /x\.npz: found no readable zip archive/],
  ['a truncated archive', npz().slice(0, 200), 'x.npz', /x\.npz/],
  ['no X', without('X'), 'x.npz', /x\.npz: X: .*found/],
  ['no y', without('y'), 'x.npz', /x\.npz: y: .*found/],
  [
    'rank 2',
    npz({ X: floats([4, 6]) }),
    'x.npz',
    /X: found shape \(4, 6\); allowed: \(rows, channels, steps\)/,
  ],
  ['labels as text', npz({ y: { shape: [4], data: ['a', 'b', 'a', 'b'] } }), 'x.npz', /y: .*found/],
  ['labels of another length', npz({ y: { shape: [3], data: new Int32Array(3) } }), 'x.npz', /y: found .*3/],
  [
    'groups of another length',
    npz({ subject: { shape: [2], data: new Int32Array(2) } }),
    'x.npz',
    /subject|groups/,
  ],
  ['NaN', npz({ X: floats([4, 2, 3], Number.NaN) }), 'x.npz', /NaN/],
  ['infinity', npz({ X: floats([4, 2, 3], Number.POSITIVE_INFINITY) }), 'x.npz', /Infinity/],
  [
    'a label without a class',
    npz({ y: { shape: [4], data: Int32Array.from([0, 1, 2, 0]) } }),
    'x.npz',
    /y\[2\]: found 2; allowed: 0 to 1/,
  ],
  [
    'a negative label',
    npz({ y: { shape: [4], data: Int32Array.from([0, -1, 1, 0]) } }),
    'x.npz',
    /y\[1\]: found -1/,
  ],
  ['one class', npz({ y: { shape: [4], data: new Int32Array(4) } }), 'x.npz', /class/],
  ['another ending', npz(), 'x.parquet', /\.npz, \.json or \.csv/],
  ['JSON that is none', bytes('{'), 'x.json', /x\.json: found text that is not JSON/],
  ['JSON of another form', bytes('{"clips": 3}'), 'x.json', /x\.json: channelNames/],
  ['JSON with an unknown key', bytes('{"channelNames":["a"],"clip":[]}'), 'x.json', /clip/],
  [
    'JSON with fewer frames than times',
    bytes('{"channelNames":["a"],"clips":[{"label":"x","times":[0,1],"frames":[[1]]}]}'),
    'x.json',
    /clips\.0\.frames: found 1 frames; allowed: 2/,
  ],
  ['CSV without a column', bytes('clip,label,a\n1,x,2\n'), 'x.csv', /header: .*allowed: a column time/],
  ['CSV without channels', bytes('clip,label,time\n1,x,2\n'), 'x.csv', /at least one channel column/],
  ['CSV with text', bytes('clip,label,time,a\n1,x,0,hello\n'), 'x.csv', /line 2, a: found "hello"/],
  [
    'CSV with two labels',
    bytes('clip,label,time,a\n1,x,0,1\n1,y,1,1\n'),
    'x.csv',
    /line 3, label: found "y"; allowed: x/,
  ],
])('%s is refused, naming file and field', (_, file, name, message) => {
  expect(() => parseDataset(file, name)).toThrow(message);
});

test('an archive that unpacks to too much is refused before it is unpacked', () => {
  const bomb = npz({ X: floats([4, 1000, 100]) });
  expect(bomb.length).toBeLessThan(20_000);
  expect(() => parseDataset(bomb, 'x.npz', { maxBytes: 100_000 })).toThrow('more than 100000 bytes unpacked');
});

const clip = (id: number, label: string, frames: (number | null)[][], times = frames.map((_, i) => i)) => ({
  id,
  label,
  group: `p${id % 2}`,
  times,
  frames,
});

test('clips are pruned by reason, resampled from their times, and grouped', () => {
  const file = {
    channelNames: ['a', 'b'],
    clips: [
      clip(
        1,
        'x',
        [
          [0, 0],
          [1, 10],
          [4, 40],
        ],
        [0, 1, 4],
      ),
      clip(2, 'y', [
        [0, 1],
        [2, 1],
      ]),
      clip(3, 'y', [
        [0, null],
        [2, 1],
      ]),
      clip(4, 'y', [[0, 1]]),
      clip(
        5,
        'y',
        [
          [0, 1],
          [1, 1],
        ],
        [1, 1],
      ),
    ],
  };
  const { dataset, report } = parseDataset(bytes(JSON.stringify(file)), 'x.json', { steps: 5 });
  expect(report).toEqual({
    kept: 2,
    dropped: { too_few_frames: 1, missing_features: 1, times_not_increasing: 1 },
  });
  expect([...dataset.values.slice(0, 10)]).toEqual([0, 1, 2, 3, 4, 0, 10, 20, 30, 40]);
  expect([...dataset.values.slice(10)]).toEqual([0, 0.5, 1, 1.5, 2, 1, 1, 1, 1, 1]);
  expect(dataset.classNames).toEqual(['x', 'y']);
  expect(dataset.groups).toHaveLength(2);
});

test('CSV reads as the same clips in JSON do', () => {
  const csv = 'clip,group,label,time,a\n1,p,x,0,1\n1,p,x,2,3\n2,q,y,0,5\n2,q,y,1,\n3,q,y,0,5\n3,q,y,1,6\n';
  const { dataset, report } = parseDataset(bytes(csv), 'x.csv', { steps: 3 });
  expect([...dataset.values]).toEqual([1, 2, 3, 5, 5.5, 6]);
  expect(report.dropped.missing_features).toBe(1);
});

test('the shipped recordings load with their names, people and folds', async () => {
  const { dataset } = await loadDataset('examples/uta-rldd-blinks/uta_rldd_blinks.npz');
  expect(dataset).toMatchObject({
    rows: 8661,
    channels: 4,
    steps: 30,
    classNames: ['alert', 'low_vigilant', 'drowsy'],
  });
  expect(new Set(dataset.groups).size).toBe(58);
  expect(new Set(dataset.folds).size).toBe(5);
});

test('a file that is not there is DATASET_NOT_FOUND', async () => {
  await expect(openDataset('nowhere/x.npz')).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND' });
});

test('simulated names are parsed, and wrong ones say what is allowed', () => {
  expect(parseSimulated('simulated:small?rows=60')).toEqual({
    preset: 'small',
    seed: 1,
    rows: 60,
    steps: 100,
  });
  expect(() => parseSimulated('simulated:tiny')).toThrow('simulated:paper or simulated:small');
  expect(() => parseSimulated('simulated:small?rows=1.5')).toThrow('an integer from 30 to 200000');
  expect(() => parseSimulated('simulated:small?colour=red')).toThrow('seed, rows, steps');
});
