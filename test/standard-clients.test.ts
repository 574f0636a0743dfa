/** Clients that know nothing of us: buf curl by reflection, and reflection, health and the ops port as their specs say. */
import { execFile } from 'node:child_process';
import { createServer, get, type IncomingMessage } from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ErrorInfoSchema } from '../services/gen/google/rpc/error_details_pb.ts';
import { ServerReflection } from '../services/gen/grpc/reflection/v1/reflection_pb.ts';
import { ServerReflection as ServerReflectionAlpha } from '../services/gen/grpc/reflection/v1alpha/reflection_pb.ts';
import { rawOf, startServer, type TestServer, trainToEnd } from './support/server.ts';

const run = promisify(execFile);
const BUF = fileURLToPath(new URL('../node_modules/.bin/buf', import.meta.url));
let server: TestServer;
let collector: ReturnType<typeof createServer>;
const traced: Buffer[] = [];

/** An OTLP collector that keeps what it is sent. */
function startCollector(): Promise<number> {
  collector = createServer((request: IncomingMessage, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (request.url === '/v1/traces') traced.push(Buffer.concat(parts));
      response.end();
    });
  });
  return new Promise((resolve) => {
    collector.listen(0, '127.0.0.1', () => resolve((collector.address() as { port: number }).port));
  });
}

beforeAll(async () => {
  const port = await startCollector();
  server = await startServer({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` });
  const version = await trainToEnd(server, {
    requestId: 'a',
    dataset: 'simulated:small?rows=60&steps=16',
    regime: 'joint_scratch',
    options: { epochs: 1, latentSize: 8 },
  });
  await server.models.setAlias({ alias: 'stable', version });
}, 120_000);

afterAll(async () => {
  await server?.stop();
  collector.close();
});

const curl = async (method: string, data: object): Promise<unknown> => {
  const flags = ['curl', '--http2-prior-knowledge', '--protocol', 'grpc', '-d', JSON.stringify(data)];
  const { stdout } = await run(BUF, [...flags, `http://127.0.0.1:${server.app.grpcPort}/${method}`]);
  return stdout
    .trim()
    .split(/\n(?=\{)/)
    .map((text) => JSON.parse(text) as unknown);
};

test('buf curl lists every method', async () => {
  const url = `http://127.0.0.1:${server.app.grpcPort}`;
  const { stdout } = await run(BUF, [
    'curl',
    '--http2-prior-knowledge',
    '--protocol',
    'grpc',
    url,
    '--list-methods',
  ]);
  for (const method of [
    'vigil.v1.ClassifierService/Classify',
    'vigil.v1.SynthesizerService/Synthesize',
    'vigil.v1.TrainingService/WatchTraining',
    'google.longrunning.Operations/WaitOperation',
    'grpc.health.v1.Health/Watch',
    'inference.GRPCInferenceService/ModelInfer',
  ]) {
    expect(stdout).toContain(method);
  }
});

test('buf curl classifies, streams synthetic rows, and reads an operation with its Any resolved', async () => {
  const raw = Buffer.from(rawOf(new Float32Array(288))).toString('base64');
  const [classified] = (await curl('vigil.v1.ClassifierService/Classify', {
    samples: { shape: [18, 16], raw },
  })) as [{ modelVersion: string; predictions: { topClass: string }[] }];
  expect(classified.modelVersion).toBe('1');
  expect(classified.predictions).toHaveLength(1);
  const events = (await curl('vigil.v1.SynthesizerService/Synthesize', {
    counts: [{ className: 'alert', rows: 3 }],
    chunkRows: 2,
  })) as object[];
  expect(events.map((event) => Object.keys(event)[0])).toEqual(['header', 'chunk', 'chunk', 'summary']);
  const [list] = (await curl('google.longrunning.Operations/ListOperations', {})) as [
    { operations: { metadata: { '@type': string }; response: { modelVersion: string } }[] },
  ];
  expect(list.operations[0]).toMatchObject({
    done: true,
    metadata: { '@type': 'type.googleapis.com/vigil.v1.TrainMetadata' },
    response: { modelVersion: '1' },
  });
});

test('buf curl shows the details of an error', async () => {
  const call = curl('vigil.v1.ClassifierService/Classify', { samples: { shape: [3], raw: 'AAAA' } });
  const { stderr } = await call.then(
    () => ({ stderr: '' }),
    (error: { stderr: string }) => error,
  );
  const shown = JSON.parse(stderr) as { code: string; details: { type: string; value: string }[] };
  expect(shown.code).toBe('invalid_argument');
  expect(shown.details.map(({ type }) => type)).toEqual(['google.rpc.ErrorInfo', 'google.rpc.BadRequest']);
  const info = fromBinary(ErrorInfoSchema, Buffer.from(shown.details[0]!.value, 'base64'));
  expect(info).toMatchObject({ reason: 'TENSOR_INVALID', domain: 'vigil' });
});

test.each([
  ['v1', ServerReflection],
  ['v1alpha', ServerReflectionAlpha],
] as const)('reflection %s: every service resolves, with every file it imports', async (_, service) => {
  const reflection = server.connection.service(service as typeof ServerReflection);
  const ask = async (
    ...messages: Parameters<typeof reflection.serverReflectionInfo>[0] extends
      | Iterable<infer R>
      | AsyncIterable<infer R>
      ? R[]
      : never
  ) => {
    const answers = [];
    for await (const answer of reflection.serverReflectionInfo(messages))
      answers.push(answer.messageResponse);
    return answers;
  };
  const [listed] = await ask({ messageRequest: { case: 'listServices', value: '' } });
  const names = (listed!.value as { service: { name: string }[] }).service.map(({ name }) => name);
  expect(names).toHaveLength(11);
  const answers = await ask(
    ...names.map((value) => ({ messageRequest: { case: 'fileContainingSymbol' as const, value } })),
  );
  for (const answer of answers) {
    const files = (answer.value as { fileDescriptorProto: Uint8Array[] }).fileDescriptorProto.map((bytes) =>
      fromBinary(FileDescriptorProtoSchema, bytes),
    );
    const held = new Set(files.map(({ name }) => name));
    for (const { dependency } of files) for (const name of dependency) expect(held).toContain(name);
  }
  const [missing, empty] = await ask(
    { messageRequest: { case: 'fileByFilename', value: 'nothing.proto' } },
    { messageRequest: { case: undefined } },
  );
  expect(missing).toMatchObject({ case: 'errorResponse', value: { errorCode: 5 } });
  expect(empty).toMatchObject({ case: 'errorResponse', value: { errorCode: 3 } });
});

test('an unknown method is UNIMPLEMENTED', async () => {
  const known = server.connection.service({
    ...ServerReflection,
    methods: ServerReflection.methods.map((method) => ({ ...method, name: 'Nothing' })),
  } as unknown as typeof ServerReflection);
  const call = async (): Promise<void> => {
    for await (const _ of known.serverReflectionInfo([])) return;
  };
  await expect(call()).rejects.toMatchObject({ status: 'UNIMPLEMENTED' });
});

test('the ops port answers GET on its three paths and nothing else', async () => {
  expect(await (await fetch(`${server.ops}/livez`)).json()).toEqual({ live: true });
  expect(await (await fetch(`${server.ops}/readyz`)).json()).toMatchObject({
    ready: true,
    checks: { stable: true },
  });
  const metrics = await fetch(`${server.ops}/metrics`);
  expect(metrics.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect((await fetch(`${server.ops}/nothing`)).status).toBe(404);
  expect((await fetch(`${server.ops}/metrics`, { method: 'POST' })).status).toBe(405);
  // No URL at all: fetch would not send these.
  for (const path of ['//', 'http://[', '/livez//', '*']) expect(await statusOf(path), path).toBe(404);
  expect(await statusOf('/livez?verbose')).toBe(200);

  function statusOf(path: string): Promise<number | undefined> {
    const { hostname: host, port } = new URL(server.ops);
    return new Promise((resolve, reject) => {
      get({ host, port, path }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).once('error', reject);
    });
  }
});

test("a trace goes from the caller's context through the batch to the engine", async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const raw = Buffer.from(rawOf(new Float32Array(288))).toString('base64');
  const flags = [
    'curl',
    '--http2-prior-knowledge',
    '--protocol',
    'grpc',
    '-H',
    `traceparent: 00-${traceId}-b7ad6b7169203331-01`,
  ];
  const body = JSON.stringify({ samples: { shape: [18, 16], raw } });
  await run(BUF, [
    ...flags,
    '-d',
    body,
    `http://127.0.0.1:${server.app.grpcPort}/vigil.v1.ClassifierService/Classify`,
  ]);
  const id = Buffer.from(traceId, 'hex');
  const sent = (): string => Buffer.concat(traced.filter((bytes) => bytes.includes(id))).toString('latin1');
  await expect.poll(sent, { timeout: 15_000 }).toContain('engine classify');
  for (const text of ['vigil.v1.ClassifierService/Classify', 'batch', 'rpc.response.status_code'])
    expect(sent()).toContain(text);
});
