/**
 * A server whose memory is measured: `bare`, grpc-js with a bidirectional call that answers its first message and then
 * waits; or `vigil`, the whole gateway on a data directory. It is told over IPC when to collect garbage and look.
 */
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { startApp } from '../../services/app.ts';
import { readConfig } from '../../services/config.ts';
import { createLogger } from '../../services/observability/logger.ts';
import { BARE_PATH, type Memory, type Ports } from './protocol.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What is reachable: a few collections, with turns between them for what is released late. */
async function measure(): Promise<Memory> {
  for (let round = 0; round < 4; round++) {
    collect();
    await turn();
  }
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
  return { rss, heap: heapUsed, external, arrayBuffers };
}

const bytes = (value: Buffer): Buffer => value;

async function startBare(): Promise<Ports> {
  const server = new Server();
  const call = {
    path: BARE_PATH,
    requestStream: true,
    responseStream: true,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  };
  const answer = (stream: ServerDuplexStream<Buffer, Buffer>): void => {
    stream.once('data', (message: Buffer) => stream.write(message));
    // A client that leaves.
    stream.on('error', () => {});
  };
  server.addService({ call }, { call: answer });
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve({ port, http: 0 }),
    );
  });
}

async function startVigil(directory: string, streams: number): Promise<Ports> {
  const config = readConfig({
    VIGIL_GRPC_ADDRESS: '127.0.0.1:0',
    VIGIL_HTTP_ADDRESS: '127.0.0.1:0',
    VIGIL_DATA_DIR: directory,
    VIGIL_MAX_STREAMS: String(streams),
    VIGIL_LOG_LEVEL: 'error',
  });
  const app = await startApp(config, createLogger(config.VIGIL_LOG_LEVEL));
  process.once('disconnect', () => void app.close().then(() => process.exit()));
  return { port: app.grpcPort, http: app.httpPort };
}

const [kind, directory, streams] = process.argv.slice(2);
const ports = kind === 'bare' ? await startBare() : await startVigil(directory!, Number(streams));
if (kind === 'bare') process.once('disconnect', () => process.exit());
process.send!(ports);
for (;;) {
  await once(process, 'message');
  process.send!(await measure());
}
