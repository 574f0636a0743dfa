/** The floor: a grpc-js server that takes the bytes and sends others, and does nothing else. Forked by `noop.ts`. */
import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';

export interface NoopOrder {
  /** Answers by path, "/package.Service/Method". */
  readonly replies: Readonly<Record<string, Uint8Array>>;
}

const bytes = (value: Buffer): Buffer => value;

function definitionOf(path: string): ServiceDefinition {
  const shape = { path, requestStream: false, responseStream: false } as const;
  const codec = {
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  };
  return { call: { ...shape, ...codec } };
}

process.on('SIGINT', () => {});
process.once('disconnect', () => process.exit(0));
process.once('message', ({ replies }: NoopOrder) => {
  const server = new Server();
  for (const [path, reply] of Object.entries(replies)) {
    const answer = Buffer.from(reply);
    server.addService(definitionOf(path), {
      call: (_: unknown, done: (error: null, reply: Buffer) => void) => done(null, answer),
    });
  }
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    process.send?.({ port });
  });
});
