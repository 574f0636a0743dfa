import { Client, credentials } from '@grpc/grpc-js';
import { METHODS, type MethodName, requestOf } from './requests.ts';
import type { BenchServer } from './servers/server.ts';

/** A first call may load and compile. */
const TIMEOUT_MS = 20_000;

/** One call through an ordinary client: undefined when it is answered, or what the server says. */
export function probe(server: BenchServer, method: MethodName): Promise<string | undefined> {
  const client = new Client(server.address, credentials.createInsecure());
  const bytes = (value: Buffer): Buffer => value;
  const request = Buffer.from(requestOf(method, server.infer));
  return new Promise<string | undefined>((resolve) => {
    const deadline = Date.now() + TIMEOUT_MS;
    client.makeUnaryRequest(METHODS[method], bytes, bytes, request, { deadline }, (error) =>
      resolve(error ? error.message : undefined),
    );
  }).finally(() => client.close());
}
