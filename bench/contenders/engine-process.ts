/** One of our engines' turn: a process that is told over stdin what to time, and answers on stdout. */
import { createInterface } from 'node:readline';
import { chooseEngine } from '../../src/tensor/choose.ts';
import { DEVICE_WISHES, ENGINE_NAMES } from '../../src/tensor/engine.ts';
import { checkSteps, writeCase } from '../training/check-steps.ts';
import { type EngineWorks, openWorks } from '../training/engine-works.ts';
import type { RequestKind, Requests, Shape } from './protocol.ts';

const [name, threads, device] = process.argv.slice(2);
const engineName = ENGINE_NAMES.find((known) => known === name);
if (!engineName) throw new Error(`no engine ${name}`);
const wish = DEVICE_WISHES.find((known) => known === device);
if (!wish) throw new Error(`no device ${device}`);
const { engine } = await chooseEngine({ engine: engineName, device: wish, threads: Number(threads) });
let works: EngineWorks | undefined;
let shape: Shape | undefined;

const opened = (): Shape => {
  if (!shape) throw new Error('nothing is open');
  return shape;
};

async function time(request: Requests['time']['request']): Promise<Requests['time']['reply']> {
  const run = await works!.get(request.work, request.rows);
  await run();
  const times: number[] = [];
  const end = performance.now() + request.milliseconds;
  while (times.length < request.least || performance.now() < end) {
    const began = performance.now();
    await run();
    times.push(performance.now() - began);
  }
  return { times };
}

const HANDLERS: { [K in RequestKind]: (request: Requests[K]['request']) => Promise<Requests[K]['reply']> } = {
  open: async (request) => {
    await works?.close();
    shape = request;
    works = openWorks(engine, request);
    return { version: engine.version };
  },
  case: async (request) => {
    await writeCase(opened(), request.case);
    return {};
  },
  check: async (request) => {
    await checkSteps(engine, opened(), request.case, request.results);
    return {};
  },
  time,
};

for await (const line of createInterface({ input: process.stdin })) {
  const { do: kind, ...request } = JSON.parse(line) as { do: RequestKind };
  let reply: object;
  try {
    reply = await (HANDLERS[kind] as (request: object) => Promise<object>)(request);
  } catch (error) {
    reply = { error: error instanceof Error ? error.message : String(error) };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
await works?.close();
await engine.dispose();
