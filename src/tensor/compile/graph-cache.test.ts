import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Program } from '../engine.ts';
import { openOnnxruntime } from '../onnxruntime/engine.ts';
import { matMul } from '../ops.ts';
import type { CompileReport } from '../report.ts';
import { GraphCache } from './graph-cache.ts';
import type { LoweredGraph } from './lower.ts';

let directory: string;
let troubles: string[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vigil-graphs-'));
  troubles = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = (maxBytes = 1_000_000, at = directory): GraphCache =>
  new GraphCache({ directory: at, maxBytes }, (text) => troubles.push(text));

function graph(bytes = 1000): LoweredGraph {
  return {
    model: new Uint8Array(bytes).map((_, i) => i % 251),
    nodes: new Map([
      ['MatMul', 2],
      ['Add', 1],
    ]),
    inputs: [{ name: 'x', port: 'in:x', dims: [2, 3] }],
    state: [{ name: 'w', offset: 4, port: 'state:w:4', dims: [3] }],
    outputs: [{ name: 'y', port: 'out:y', dims: [2] }],
    newState: [],
    updates: [
      {
        weights: 'w',
        moment1: 'm',
        moment2: 'v',
        rate: 'rate',
        settings: { beta1: 0.1 + 0.2, beta2: 0.999, epsilon: 1e-7 },
        gradient: [{ offset: 0, port: 'gradient:w:0', dims: [7] }],
      },
    ],
    layouts: { x: { order: [1, 0], block: 1 } },
  };
}

test('what was written is read, to the last bit', async () => {
  await open().write('a', graph());
  const found = await open().read('a');
  expect({ ...found, model: Uint8Array.from(found!.model) }).toEqual(graph());
  expect(await open().read('b')).toBeUndefined();
  expect(readdirSync(directory)).toEqual(['a.graph']);
  expect(troubles).toEqual([]);
});

const entry = (): string => join(directory, 'a.graph');
const DAMAGES: Readonly<Record<string, () => void>> = {
  empty: () => writeFileSync(entry(), ''),
  truncated: () => writeFileSync(entry(), readFileSync(entry()).subarray(0, -1)),
  'altered in the middle': () => {
    const bytes = readFileSync(entry());
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(entry(), bytes);
  },
  "another key's": () => renameSync(entry(), join(directory, 'c.graph')),
};

for (const [name, damage] of Object.entries(DAMAGES)) {
  test(`an entry that is ${name} is deleted, said once, and written anew`, async () => {
    const cache = open();
    await cache.write('a', graph());
    damage();
    const key = name === "another key's" ? 'c' : 'a';
    expect(await cache.read(key)).toBeUndefined();
    expect(readdirSync(directory)).toEqual([]);
    expect(troubles).toEqual([expect.stringContaining('found a damaged entry in the graph cache')]);
    await cache.write(key, graph());
    expect(await cache.read(key)).toBeDefined();
    expect(troubles).toHaveLength(1);
  });
}

test('a directory that cannot be used is said once for reading and once for writing, and stops nothing', async () => {
  const file = join(directory, 'file');
  writeFileSync(file, '');
  const cache = open(1_000_000, join(file, 'graphs'));
  for (const key of ['a', 'b']) {
    expect(await cache.read(key)).toBeUndefined();
    await cache.write(key, graph());
  }
  expect(troubles).toHaveLength(2);
  for (const text of troubles) expect(text).toMatch(/^cannot (read from|write to) the graph cache .*ENOTDIR/);
});

test('what was used longest ago goes when there is too much; what is too large is not kept', async () => {
  // Room for three.
  const cache = open(5000);
  for (const [age, key] of ['old', 'middle', 'new'].entries()) {
    await cache.write(key, graph());
    utimesSync(join(directory, `${key}.graph`), age + 1, age + 1);
  }
  // Reading is use: "old" is now the newest.
  await cache.read('old');
  await cache.write('one more', graph());
  await cache.write('huge', graph(5000));
  expect(readdirSync(directory).sort()).toEqual(['new.graph', 'old.graph', 'one more.graph']);
});

test('a temporary file that lost its writer is removed', async () => {
  writeFileSync(join(directory, 'x.1-0.tmp'), 'half');
  utimesSync(join(directory, 'x.1-0.tmp'), 1, 1);
  writeFileSync(join(directory, 'y.2-0.tmp'), 'being written');
  await open().write('a', graph());
  expect(readdirSync(directory).sort()).toEqual(['a.graph', 'y.2-0.tmp']);
});

const PRODUCT: Program = {
  name: 'product',
  inputs: { x: [2, 3] },
  state: { w: [3, 2] },
  run: ({ x }, { w }) => ({ outputs: { y: matMul(x!, w!) } }),
};

/** Compiles and runs the product as a fresh process would. */
async function start(convolution: 'gathered' | 'naive' = 'gathered'): Promise<[CompileReport, number[]]> {
  const reports: CompileReport[] = [];
  const engine = openOnnxruntime({
    threads: 1,
    compile: { convolution },
    graphCache: { directory, maxBytes: 1_000_000 },
    onCompiled: (report) => reports.push(report),
    onCacheTrouble: (text) => troubles.push(text),
  });
  const state = engine.createState(PRODUCT.state, { w: Float32Array.of(1, 2, 3, 4, 5, 6) });
  const executable = await engine.compile(PRODUCT, state);
  const { y } = await executable.run({ x: Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6) });
  await executable.dispose();
  state.dispose();
  await engine.dispose();
  return [reports[0]!, [...y!]];
}

test('a second start takes the graph from the cache and computes the same bits; other options do not', async () => {
  const [first, wanted] = await start();
  expect(first).toMatchObject({ program: 'product', cache: 'miss' });
  const [second, found] = await start();
  expect(second).toMatchObject({ cache: 'hit', passesMs: 0, lowerMs: 0 });
  expect(found).toEqual(wanted);
  expect((await start('naive'))[0].cache).toBe('miss');
  expect(troubles).toEqual([]);
});

test('a damaged cache costs a compilation and nothing else', async () => {
  const [, wanted] = await start();
  for (const name of readdirSync(directory)) writeFileSync(join(directory, name), 'nonsense');
  const [report, found] = await start();
  expect(report.cache).toBe('miss');
  expect(found).toEqual(wanted);
  expect(troubles).toHaveLength(1);
});
