/** The load generator against real gRPC servers: what it counts is what they did. */
import type { EventEmitter } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { Server, ServerCredentials, type sendUnaryData, status } from '@grpc/grpc-js';
import { afterEach, expect, test } from 'vitest';
import type { LoadPlan } from './plan.ts';
import { runLoad } from './run-load.ts';

const PATH = '/test.Echo/Call';
type Done = sendUnaryData<Buffer>;
interface Call extends EventEmitter {
  readonly request: Buffer;
  getDeadline(): number | Date;
}
type Handler = (request: Buffer, done: Done, deadline: number, call: Call) => void;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.forceShutdown();
});

async function serve(handle: Handler): Promise<{ address: string; server: Server }> {
  const server = new Server();
  servers.push(server);
  const bytes = (value: Buffer): Buffer => value;
  const codec = {
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  };
  const call = { path: PATH, requestStream: false, responseStream: false, ...codec } as const;
  server.addService(
    { call },
    {
      call: (call: Call, done: Done) => handle(call.request, done, Number(call.getDeadline()), call),
    },
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return { address: `127.0.0.1:${port}`, server };
}

const plan = (address: string, changes: Partial<LoadPlan> = {}): LoadPlan => ({
  address,
  path: PATH,
  message: Buffer.from('a request'),
  loop: { kind: 'closed', inFlight: 8, calls: 500 },
  connections: 1,
  warmUpMs: 0,
  measureMs: 0,
  ...changes,
});
const run = (wanted: LoadPlan) => runLoad(wanted, () => {});
const ANSWER = Buffer.from('an answer');

test('a closed loop keeps its number in flight and sends the message as it is', async () => {
  let under = 0;
  let most = 0;
  const seen = new Set<string>();
  const { address } = await serve((request, done) => {
    most = Math.max(most, ++under);
    seen.add(request.toString());
    setImmediate(() => {
      under -= 1;
      done(null, ANSWER);
    });
  });
  const report = await run(plan(address));
  expect(most).toBeLessThanOrEqual(8);
  expect([...seen]).toEqual(['a request']);
  expect(report.outcomes).toEqual({ 0: expect.any(Number) });
  expect(report.outcomes['0']).toBeGreaterThanOrEqual(500);
  expect(report.latency.count).toBe(report.outcomes['0']);
  expect(report.rps).toBeCloseTo(report.latency.count / report.seconds, 6);
});

test('every gRPC code is read, from trailers alone too', async () => {
  const codes = Object.values(status).filter((code): code is number => typeof code === 'number');
  let calls = 0;
  const { address } = await serve((_, done) => {
    const code = codes[calls++ % codes.length]!;
    done(code === 0 ? null : { code, details: 'for a reason' }, code === 0 ? ANSWER : null);
  });
  const report = await run(
    plan(address, { loop: { kind: 'closed', inFlight: 1, calls: 10 * codes.length } }),
  );
  expect(
    Object.keys(report.outcomes)
      .map(Number)
      .toSorted((a, b) => a - b),
  ).toEqual(codes);
  for (const count of Object.values(report.outcomes)) expect(count).toBe(10);
});

test('messages of several frames, beyond the window of a connection, arrive whole', async () => {
  const message = Buffer.alloc(40_000, 7);
  let wrong = 0;
  const { address } = await serve((request, done) => {
    if (!request.equals(message)) wrong += 1;
    done(null, ANSWER);
  });
  const report = await run(plan(address, { message, loop: { kind: 'closed', inFlight: 16, calls: 100 } }));
  expect(wrong).toBe(0);
  expect(report.outcomes).toEqual({ 0: expect.any(Number) });
});

test('an open loop counts from when a call was due: calls that a stall held back are slow too', async () => {
  const held: Done[] = [];
  let stalled = true;
  const { address } = await serve((_, done) => {
    if (!stalled) return done(null, ANSWER);
    held.push(done);
    // Twenty calls of a schedule of 5 ms: the stall lasts about 95 ms.
    if (held.length < 20) return;
    stalled = false;
    for (const answer of held.splice(0)) answer(null, ANSWER);
  });
  const report = await run(plan(address, { loop: { kind: 'open', perSecond: 200 }, measureMs: 300 }));
  expect(report.outcomes).toEqual({ 0: expect.any(Number) });
  expect(report.latency.count).toBeGreaterThanOrEqual(50);
  expect(report.latency.maxMs).toBeGreaterThan(80);
});

test('calls carry their deadline; a caller gives up then, and the server hears of it', async () => {
  let longest = 0;
  let cancelled = 0;
  // Nobody is answered.
  const { address } = await serve((_, __, until, call) => {
    longest = Math.max(longest, until - Date.now());
    call.on('cancelled', () => {
      cancelled += 1;
    });
  });
  const loop = { kind: 'open', perSecond: 500 } as const;
  const report = await run(plan(address, { loop, measureMs: 200, timeoutMs: 20 }));
  expect(longest).toBeGreaterThan(0);
  expect(longest).toBeLessThanOrEqual(20);
  expect(Object.keys(report.outcomes)).toEqual([String(status.DEADLINE_EXCEEDED)]);
  expect(cancelled).toBeGreaterThan(0);
});

test('a call that the window kept back until its deadline is never sent', async () => {
  let arrived = 0;
  // A window holds one of these; it is given back when the server reads, which a call without an answer does not hinder.
  const message = Buffer.alloc(60_000, 7);
  const { address } = await serve((_, done) => {
    arrived += 1;
    done(null, ANSWER);
  });
  const loop = { kind: 'open', perSecond: 20_000 } as const;
  const report = await run(plan(address, { message, loop, measureMs: 200, timeoutMs: 20 }));
  const total = Object.values(report.outcomes).reduce((sum, each) => sum + each, 0);
  expect(report.outcomes[String(status.DEADLINE_EXCEEDED)]).toBeGreaterThan(0);
  expect(arrived).toBeLessThan(total);
});

test('calls under way when a connection breaks are lost; those that the server says it did not take are refused', async () => {
  let calls = 0;
  const { address, server } = await serve((_, done) => {
    calls += 1;
    if (calls < 50) done(null, ANSWER);
    else if (calls === 57) server.forceShutdown();
  });
  const report = await run(plan(address));
  const ends = ['lost', 'reset', 'refused'].map((name) => report.outcomes[name] ?? 0);
  expect(report.outcomes['0']).toBeGreaterThan(0);
  expect(ends.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(0);
});

test('a server that cannot be reached, or does not speak HTTP/2, is an error and not a result', async () => {
  await expect(run(plan('127.0.0.1:1'))).rejects.toThrow(/ECONNREFUSED/);
  const sockets = new Set<Socket>();
  const mute = createServer((socket) => {
    sockets.add(socket);
    socket.once('data', () => socket.destroy());
  });
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  const { port } = mute.address() as { port: number };
  await expect(run(plan(`127.0.0.1:${port}`))).rejects.toThrow(/closed the connection|ECONNRESET/);
  mute.close();
});
