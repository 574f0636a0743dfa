/** What a connection may do to a server before and beside its calls. */
import { type EventEmitter, once } from 'node:events';
import { type ClientHttp2Session, connect, constants, type SecureClientSessionOptions } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { afterEach, expect, test } from 'vitest';
import { Connection } from '../services/client/client.ts';
import { Health } from '../services/gen/grpc/health/v1/health_pb.ts';
import { ServerReflection } from '../services/gen/grpc/reflection/v1/reflection_pb.ts';
import { AuditService } from '../services/gen/vigil/v1/audit_pb.ts';
import { type BareServer, startBareServer } from './support/bare-server.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(settings: Record<string, string> = {}): Promise<BareServer> {
  const server = await startBareServer(settings);
  closers.push(() => server.stop());
  return server;
}

function open({ port }: BareServer, options: SecureClientSessionOptions = {}): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${port}`, options);
  session.on('error', () => {});
  closers.push(() => session.destroy());
  return session;
}

function check({ port }: BareServer) {
  const connection = new Connection(`127.0.0.1:${port}`, {
    settings: { 'grpc.use_local_subchannel_pool': 1 },
  });
  closers.push(() => connection.close());
  return connection.service(Health).check({ service: 'liveness' }, { timeoutMs: 5000 });
}

/** Unlike `once`, also after an error, which is how many ends begin. */
const closed = (emitter: EventEmitter): Promise<void> =>
  new Promise((resolve) => emitter.once('close', () => resolve()));

const HEADERS = {
  ':method': 'POST',
  ':path': '/grpc.health.v1.Health/Watch',
  'content-type': 'application/grpc',
  te: 'trailers',
};
/** A message of no bytes: the health of "". */
const EMPTY = Buffer.alloc(5);

/** Until the server has read what was sent before. */
const pinged = (session: ClientHttp2Session): Promise<void> =>
  new Promise((resolve, reject) => {
    session.ping((error) => (error ? reject(error) : resolve()));
  });

/** A call on the very session. */
async function answered(session: ClientHttp2Session): Promise<void> {
  const stream = session.request({ ...HEADERS, ':path': '/grpc.health.v1.Health/Check' });
  stream.end(EMPTY);
  stream.resume();
  const [headers] = await once(stream, 'response');
  expect(headers[':status']).toBe(200);
  await once(stream, 'trailers');
}

test.each([
  ['nothing', ''],
  ['half a preface', 'PRI * HTTP/2.0\r\n'],
  ['a preface without settings', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
])('a connection that sends %s is closed in time', async (_, sent) => {
  const server = await start({ VIGIL_HANDSHAKE_LIMIT_MS: '100' });
  const socket: Socket = connectTcp(server.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  if (sent) socket.write(sent);
  await closed(socket);
  expect(server.refusals).toEqual(['handshake']);
  expect((await check(server)).status).toBe(1);
});

test('a connection that finished its handshake may stay silent longer', async () => {
  const server = await start({ VIGIL_HANDSHAKE_LIMIT_MS: '50' });
  const session = open(server);
  await once(session, 'connect');
  // A connection that is opened later and sends nothing is past its limit: so is this one, had it any.
  const socket = connectTcp(server.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  await closed(socket);
  expect(session.destroyed).toBe(false);
  expect(server.refusals).toEqual(['handshake']);
});

test('pings without end are answered with GOAWAY too_many_pings', async () => {
  const server = await start();
  const session = open(server);
  await once(session, 'connect');
  const goaway = once(session, 'goaway');
  const ping = (): void => {
    if (!session.destroyed) session.ping(ping);
  };
  ping();
  const [code, , text] = (await goaway) as [number, number, Buffer];
  expect(code).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  expect(text.toString()).toBe('too_many_pings');
  expect(server.refusals).toEqual(['pings']);
  expect((await check(server)).status).toBe(1);
});

test('pings beside answers are those of a client that measures its bandwidth', async () => {
  const server = await start();
  const session = open(server);
  const stream = session.request(HEADERS);
  stream.resume();
  stream.end(EMPTY);
  await once(stream, 'data');
  // Each answer is more bytes than a ping's acknowledgement.
  for (let i = 0; i < 300; i++) {
    const call = session.request({ ...HEADERS, ':path': '/grpc.health.v1.Health/List' });
    call.resume();
    call.end(EMPTY);
    await closed(call);
    await new Promise((resolve) => session.ping(resolve));
  }
  expect(server.refusals).toEqual([]);
  expect(session.destroyed).toBe(false);
});

test('streams that are opened and reset in a row end the connection (CVE-2023-44487)', async () => {
  const server = await start({ VIGIL_MAX_STREAMS_PER_CONNECTION: '16' });
  const session = open(server);
  await once(session, 'connect');
  const over = closed(session);
  const reset = (): void => {
    for (let i = 0; i < 100 && !session.destroyed && !session.closed; i++) {
      const stream = session.request(HEADERS);
      stream.on('error', () => {});
      stream.close(constants.NGHTTP2_CANCEL);
    }
    if (!session.destroyed && !session.closed) setImmediate(reset);
  };
  reset();
  await over;
  expect((await check(server)).status).toBe(1);
});

test('one address has its share of connections, and gets it back', async () => {
  const server = await start({ VIGIL_MAX_CONNECTIONS_PER_ADDRESS: '2' });
  const held = [open(server), open(server)];
  await Promise.all(held.map((session) => once(session, 'connect')));
  const third = open(server);
  await closed(third);
  expect(server.refusals).toEqual(['address']);
  held[0]!.close();
  await closed(held[0]!);
  await expect
    .poll(() =>
      check(server).then(
        ({ status: found }) => found,
        () => 0,
      ),
    )
    .toBe(1);
});

test('beyond the most connections new ones are dropped', async () => {
  const server = await start({ VIGIL_MAX_CONNECTIONS: '1' });
  const session = open(server);
  await once(session, 'connect');
  const second = connectTcp(server.port, '127.0.0.1');
  second.on('error', () => {});
  second.resume();
  await closed(second);
  expect(server.refusals).toEqual(['connections']);
  expect(session.destroyed).toBe(false);
});

test('a client is told how many calls it may have in flight on a connection', async () => {
  const server = await start({ VIGIL_MAX_STREAMS_PER_CONNECTION: '3' });
  const session = open(server);
  await once(session, 'remoteSettings');
  expect(session.remoteSettings.maxConcurrentStreams).toBe(3);
});

test('a proxy whose callers give up by the thousand keeps its connection', async () => {
  const server = await start();
  const session = open(server);
  await once(session, 'remoteSettings');
  const given = Array.from({ length: 2000 }, () => {
    const stream = session.request(HEADERS);
    stream.on('error', () => {});
    return stream;
  });
  await pinged(session);
  for (const stream of given) stream.close(constants.NGHTTP2_CANCEL);
  await pinged(session);
  await answered(session);
});

test('streams beyond the limit are refused one by one, and the connection goes on', async () => {
  const server = await start({ VIGIL_MAX_STREAMS_PER_CONNECTION: '2' });
  // It sends so many before it has heard of the limit.
  const session = open(server, { peerMaxConcurrentStreams: 400 });
  const streams = Array.from({ length: 400 }, () => session.request(HEADERS));
  const refused: number[] = [];
  for (const stream of streams) stream.on('error', () => refused.push(stream.rstCode));
  await expect.poll(() => refused.length).toBe(398);
  // By nghttp2, or by Node where it still holds the stream before.
  const codes: number[] = [constants.NGHTTP2_REFUSED_STREAM, constants.NGHTTP2_ENHANCE_YOUR_CALM];
  expect(codes).toEqual(expect.arrayContaining(refused));
  for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
  await answered(session);
});

test('metadata beyond 16 KiB is refused; a megabyte of it costs at most its own connection', async () => {
  const server = await start();
  const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
  closers.push(() => client.close());
  const same = (value: Buffer): Buffer => value;
  const call = (bytes: number): Promise<ServiceError | null> => {
    const metadata = new Metadata();
    // In parts, as the client refuses to send one value of this size.
    for (let i = 0; i < bytes / 4096; i++) metadata.set(`part-${i}`, 'x'.repeat(4096));
    return new Promise((resolve) => {
      client.makeUnaryRequest(
        '/grpc.health.v1.Health/List',
        same,
        same,
        Buffer.alloc(0),
        metadata,
        { deadline: Date.now() + 5000 },
        (error) => resolve(error),
      );
    });
  };
  expect(await call(0)).toBeNull();
  expect((await call(20_480))?.code).toBe(status.RESOURCE_EXHAUSTED);
  expect(await call(8192)).toBeNull();
  expect((await call(2 ** 20))?.code).toBe(status.RESOURCE_EXHAUSTED);
  // Its header block goes on after the refusal, until nghttp2 has had enough of its frames.
  expect((await check(server)).status).toBe(1);
  expect(server.statuses).toEqual(['OK', 'OK', 'OK']);
});

test('streams of one principal are counted over its connections; the next is refused at once, with a time', async () => {
  const server = await start({ VIGIL_MAX_STREAMS_PER_PRINCIPAL: '1', VIGIL_MAX_CALLS_PER_PRINCIPAL: '2' });
  // Health is exempt, reflection is not.
  const reflect = () => {
    const connection = new Connection(`127.0.0.1:${server.port}`, {
      settings: { 'grpc.use_local_subchannel_pool': 1 },
    });
    closers.push(() => connection.close());
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const asked = async function* () {
      yield { messageRequest: { case: 'listServices' as const, value: '' } };
      await ended;
    };
    const answers = connection.service(ServerReflection).serverReflectionInfo(asked(), { timeoutMs: 5000 });
    return { answers: answers[Symbol.asyncIterator](), end };
  };
  const first = reflect();
  expect((await first.answers.next()).done).toBe(false);
  await expect(reflect().answers.next()).rejects.toMatchObject({
    status: 'RESOURCE_EXHAUSTED',
    reason: 'QUOTA_EXCEEDED',
    message: expect.stringContaining('at most 1'),
  });
  expect((await check(server)).status).toBe(1);
  first.end();
  expect((await first.answers.next()).done).toBe(true);
  const again = reflect();
  expect((await again.answers.next()).done).toBe(false);
  again.end();
});

test('beyond its calls a second a principal is refused at once', async () => {
  const server = await start({ VIGIL_MAX_CALLS_PER_SECOND_PER_PRINCIPAL: '1' });
  const connection = new Connection(`127.0.0.1:${server.port}`);
  closers.push(() => connection.close());
  const { listAuditEntries } = connection.service(AuditService);
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => listAuditEntries({})));
  expect(outcomes[0]!.status).toBe('fulfilled');
  const refused = outcomes.flatMap((each) => (each.status === 'rejected' ? [each.reason as object] : []));
  // Twenty calls take no ten seconds.
  expect(refused.length).toBeGreaterThanOrEqual(10);
  for (const error of refused)
    expect(error).toMatchObject({
      status: 'RESOURCE_EXHAUSTED',
      reason: 'QUOTA_EXCEEDED',
      message: expect.stringContaining('1 a second'),
    });
});

test('a client that sends a megabyte of metadata although it was told not to is refused by the server', async () => {
  const server = await start();
  const session = connect(`http://127.0.0.1:${server.port}`, { maxSendHeaderBlockLength: 2 ** 22 });
  session.on('error', () => {});
  closers.push(() => session.destroy());
  while (session.remoteSettings?.maxHeaderListSize !== 16_384) await once(session, 'remoteSettings');
  // Settings hold once they are acknowledged (RFC 9113, 6.5.3); the answer to a ping comes after that.
  await new Promise((resolve) => session.ping(resolve));
  const parts = Array.from({ length: 100 }, (_, i) => [`part-${i}`, 'x'.repeat(10_000)] as const);
  const stream = session.request({ ...HEADERS, ...Object.fromEntries(parts) });
  stream.on('error', () => {});
  await closed(stream);
  expect(stream.rstCode).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  expect(server.statuses).toEqual([]);
  expect((await check(server)).status).toBe(1);
});
