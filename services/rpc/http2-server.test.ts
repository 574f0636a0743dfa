import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { Client, credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { http2ListenersOf, releaseClosedStreams } from './http2-server.ts';

const bytes = (value: Buffer): Buffer => value;
const ECHO = {
  path: '/test.Echo/Echo',
  requestStream: false,
  responseStream: false,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
} as const;

test('a stream that has closed holds nothing of its call', async () => {
  const server = new Server();
  server.addService(
    { echo: ECHO },
    { echo: ({ request }: { request: Buffer }, done: (e: null, r: Buffer) => void) => done(null, request) },
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  releaseClosedStreams(server);
  const streams: ServerHttp2Stream[] = [];
  for (const listener of http2ListenersOf(server))
    listener.on('stream', (stream: ServerHttp2Stream) => {
      streams.push(stream);
      // grpc-js listens for its message, its end and its error.
      expect(stream.listenerCount('data')).toBe(1);
    });
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  try {
    const sent = Buffer.from('rows');
    const answer = await new Promise((resolve, reject) =>
      client.makeUnaryRequest(ECHO.path, bytes, bytes, sent, (error, reply) =>
        error ? reject(error) : resolve(reply),
      ),
    );
    expect(answer).toEqual(sent);
    const [stream] = streams;
    if (!stream!.closed) await once(stream!, 'close');
    expect(stream!.eventNames()).toEqual(['error']);
    // Whatever Node may still say of it stops nothing.
    stream!.emit('error', new Error('late'));
  } finally {
    client.close();
    server.forceShutdown();
  }
});
