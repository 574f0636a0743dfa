/** The engine and nothing around it, in a process of its own: what serving is measured against. */
import { setTimeout as sleep } from 'node:timers/promises';
import { HostedModel } from '../../../services/engine/model-host.ts';
import { chooseEngine } from '../../../src/tensor/choose.ts';
import { CHANNELS, STEPS } from '../bundle.ts';
import { Histogram } from '../load/histogram.ts';
import type { BareCall, BareCalls, BareReply } from './protocol.ts';

let model: HostedModel | undefined;
const opened = (): HostedModel => {
  if (!model) throw new Error('no model is open');
  return model;
};
const samples = (rows: number): Float32Array => new Float32Array(rows * CHANNELS * STEPS).fill(0.5);

async function rate(rows: number, milliseconds: number): Promise<number> {
  const values = samples(rows);
  const classifier = opened();
  await classifier.classify(rows, values);
  const began = performance.now();
  let runs = 0;
  for (; performance.now() - began < milliseconds; runs++) await classifier.classify(rows, values);
  return (1000 * rows * runs) / (performance.now() - began);
}

async function arrivals(perSecond: number, milliseconds: number): Promise<Histogram> {
  const histogram = new Histogram();
  const values = samples(1);
  const classifier = opened();
  const gap = 1000 / perSecond;
  const end = performance.now() + milliseconds;
  let due = performance.now();
  let queue: Promise<unknown> = Promise.resolve();
  const arrive = (): void => {
    for (let now = performance.now(); due <= now && due < end; due += gap) {
      const arrived = performance.now();
      queue = queue.then(async () => {
        await classifier.classify(1, values);
        histogram.record(performance.now() - arrived);
        // As the load generator does: timers are a millisecond coarse, answers come more often.
        arrive();
      });
    }
  };
  while (due < end) {
    arrive();
    await sleep(1);
  }
  await queue;
  return histogram;
}

const HANDLERS: { [C in BareCall]: (request: BareCalls[C]['request']) => Promise<BareCalls[C]['reply']> } = {
  open: async ({ bundle, threads }) => {
    const { engine } = await chooseEngine({ engine: 'onnxruntime', device: 'cpu', threads });
    model = await HostedModel.load(engine, '1', bundle);
    return { engine: engine.version };
  },
  rates: async ({ rows, milliseconds }) => {
    const rowsPerSecond: number[] = [];
    for (const count of rows) rowsPerSecond.push(await rate(count, milliseconds));
    return { rowsPerSecond };
  },
  arrivals: async ({ perSecond, milliseconds }) => {
    return { latency: (await arrivals(perSecond, milliseconds)).percentiles() };
  },
};

process.on('SIGINT', () => {});
process.once('disconnect', () => process.exit(0));
process.on('message', ({ call, request }: { call: BareCall; request: never }) => {
  (HANDLERS[call] as (request: never) => Promise<object>)(request).then(
    (reply) => process.send?.({ reply } satisfies BareReply),
    (error: Error) => process.send?.({ failed: error.message } satisfies BareReply),
  );
});
