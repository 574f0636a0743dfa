/** The public client against servers in trouble: retries, deadlines, signals, details of errors. */
import { createServer } from 'node:net';
import { create } from '@bufbuild/protobuf';
import { Server, ServerCredentials, type ServerUnaryCall } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { createVigilClient, VigilCallError } from '../services/client/vigil-client.ts';
import { Operations } from '../services/gen/google/longrunning/operations_pb.ts';
import {
  Health,
  HealthCheckResponse_ServingStatus as Serving,
} from '../services/gen/grpc/health/v1/health_pb.ts';
import { ClassifierService } from '../services/gen/vigil/v1/classify_pb.ts';
import { DatasetService, type UploadDatasetRequest } from '../services/gen/vigil/v1/datasets_pb.ts';
import { ModelService } from '../services/gen/vigil/v1/models_pb.ts';
import { SynthesizeResponseSchema, SynthesizerService } from '../services/gen/vigil/v1/synthesize_pb.ts';
import { RunState, TrainingService } from '../services/gen/vigil/v1/train_pb.ts';
import { mounted } from '../services/grpc-server.ts';
import { encode } from '../services/rpc/codec.ts';
import { toServiceDefinition } from '../services/rpc/definition.ts';
import type { ServiceHandlers } from '../services/rpc/handler.ts';
import { VigilError } from '../src/errors.ts';
import { startAnswering } from './support/answering.ts';

type Handlers<S extends Parameters<typeof mounted>[0]> = Partial<ServiceHandlers<S>>;

/** A service of which a test uses some methods. */
const partly = <S extends Parameters<typeof mounted>[0]>(service: S, handlers: Handlers<S>) =>
  mounted(service, handlers as ServiceHandlers<S>);

const unavailable = (): never => {
  throw new VigilError('SHUTTING_DOWN', 'the server is shutting down');
};

const failure = (call: Promise<unknown>): Promise<VigilCallError> =>
  call.then(
    () => {
      throw new Error('the call succeeded');
    },
    (error: unknown) => {
      if (error instanceof VigilCallError) return error;
      throw error;
    },
  );

test('a training is asked for again while the server is unavailable, always with one request_id', async () => {
  const ids: string[] = [];
  await using server = await startAnswering([
    partly(TrainingService, {
      train: async ({ requestId }) => {
        ids.push(requestId);
        if (ids.length < 3) unavailable();
        return { name: 'operations/1' };
      },
    }),
  ]);
  await using client = createVigilClient({ address: server.address });
  const { run } = await client.train({ dataset: 'simulated:small', regime: 'joint_scratch' });
  expect(run).toBe('runs/1');
  expect(ids).toHaveLength(3);
  expect(new Set(ids).size).toBe(1);
  expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
});

test('what is not safe to repeat is asked for once, and so is everything without retries', async () => {
  let [aliases, classified] = [0, 0];
  await using server = await startAnswering([
    partly(ModelService, {
      setAlias: async () => {
        aliases += 1;
        return unavailable();
      },
    }),
    partly(ClassifierService, {
      classify: async () => {
        classified += 1;
        return unavailable();
      },
    }),
  ]);
  await using client = createVigilClient({ address: server.address, retry: false });
  await using retrying = createVigilClient({ address: server.address });
  const request = { shape: [1, 1], values: Float32Array.of(1) };
  expect(await failure(client.classify(request))).toMatchObject({ status: 'UNAVAILABLE', code: 14 });
  expect(classified).toBe(1);
  expect(await failure(retrying.models.setAlias({ alias: 'stable', version: '1' }))).toMatchObject({
    reason: 'SHUTTING_DOWN',
  });
  expect(aliases).toBe(1);
  await failure(retrying.classify(request));
  expect(classified).toBe(1 + 4);
});

test('a full queue is left to the caller, who is told how long to wait and what is wrong where', async () => {
  let asked = 0;
  await using server = await startAnswering([
    partly(ClassifierService, {
      classify: async ({ model }) => {
        asked += 1;
        if (model !== '') throw VigilError.field('model', '"x"', 'a version');
        throw new VigilError('QUEUE_FULL', 'the queue is full', {
          retryAfterMs: 1250,
          metadata: { rows: '9' },
        });
      },
    }),
  ]);
  await using client = createVigilClient({ address: server.address });
  const request = { shape: [1, 1], values: Float32Array.of(1) };
  const full = await failure(client.classify(request));
  expect(full).toMatchObject({ status: 'RESOURCE_EXHAUSTED', reason: 'QUEUE_FULL', retryAfterMs: 1250 });
  expect(full.metadata).toEqual({ rows: '9' });
  expect(asked).toBe(1);
  const wrong = await failure(client.classify({ ...request, model: 'x' }));
  expect(wrong.fields).toEqual([{ field: 'model', description: 'found "x"; allowed: a version' }]);
  expect(wrong.retryAfterMs).toBeUndefined();
});

test('calls end at their deadline or by their signal; a watch has no deadline of its own', async () => {
  const deadlines: (number | undefined)[] = [];
  const ended = ({
    signal,
    deadline,
  }: {
    signal: AbortSignal;
    deadline: number | undefined;
  }): Promise<never> => {
    deadlines.push(deadline);
    return new Promise((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    );
  };
  await using server = await startAnswering([
    partly(Operations, { getOperation: (_, context) => ended(context) }),
    partly(TrainingService, {
      watchTraining: async function* (_, context) {
        yield { state: RunState.RUNNING };
        await ended(context);
      },
    }),
  ]);
  await using client = createVigilClient({ address: server.address, deadlineMs: 50 });
  const late = await failure(client.operations.getOperation({ name: 'operations/1' }));
  expect(late.status).toBe('DEADLINE_EXCEEDED');
  const leave = new AbortController();
  const seen: RunState[] = [];
  const watched = (async () => {
    for await (const { state } of client.watch('runs/1', { signal: leave.signal })) {
      seen.push(state);
      leave.abort();
    }
  })();
  expect((await failure(watched)).status).toBe('CANCELLED');
  expect(seen).toEqual([RunState.RUNNING]);
  const before = client.operations.getOperation({ name: 'x' }, { signal: AbortSignal.abort() });
  expect((await failure(before)).status).toBe('CANCELLED');
  const [first, watch] = deadlines;
  expect(first).toBeLessThan(Date.now() + 50);
  expect(watch).toBeUndefined();
});

test('an upload whose source fails rejects with the error of the source; one that is refused ends its source', async () => {
  let closed = false;
  await using server = await startAnswering([
    partly(DatasetService, {
      uploadDataset: async (requests) => {
        for await (const { part } of requests) {
          if (part.case === 'data') throw VigilError.field('data', 'bytes', 'none');
        }
        return {};
      },
    }),
  ]);
  await using client = createVigilClient({ address: server.address });
  type Part = { part: Extract<UploadDatasetRequest['part'], { case: 'data' }> };
  const data: Part = { part: { case: 'data', value: new Uint8Array(8) } };
  const failing = async function* (): AsyncIterable<Part> {
    yield* [] as Part[];
    throw new Error('the disk is gone');
  };
  await expect(client.datasets.uploadDataset(failing())).rejects.toThrow('the disk is gone');
  const endless = function* (): Iterable<Part> {
    try {
      for (;;) yield data;
    } finally {
      closed = true;
    }
  };
  expect((await failure(client.datasets.uploadDataset(endless()))).fields[0]?.field).toBe('data');
  expect(closed).toBe(true);
});

test('synthetic rows that are not those that were sent are DATA_LOSS', async () => {
  const chunk = {
    className: 'alert',
    samples: { shape: [1n, 1n, 2n], data: { case: 'raw', value: new Uint8Array(8) } },
  };
  const events = { chunk, summary: { sha256: 'of something else' } };
  await using server = await startAnswering([
    partly(SynthesizerService, {
      synthesize: async function* ({ model }) {
        yield create(SynthesizeResponseSchema, { event: { case: 'chunk', value: events.chunk as never } });
        if (model === '') yield { event: { case: 'summary', value: events.summary as never } };
      },
    }),
  ]);
  await using client = createVigilClient({ address: server.address });
  const drain = async (model: string): Promise<void> => {
    for await (const event of client.synthesize({ model })) {
      if (event.kind === 'chunk') expect(event).toMatchObject({ rows: 1, values: new Float32Array(2) });
    }
  };
  expect((await failure(drain(''))).message).toContain('of something else');
  expect(await failure(drain('short'))).toMatchObject({ status: 'DATA_LOSS' });
});

test('a call that waits for a server is answered when there is one', async () => {
  const reserved = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => reserved.once('listening', resolve));
  const { port } = reserved.address() as { port: number };
  await new Promise((resolve) => reserved.close(resolve));
  const address = `127.0.0.1:${port}`;
  const channel = { 'grpc.initial_reconnect_backoff_ms': 50, 'grpc.max_reconnect_backoff_ms': 100 };
  await using impatient = createVigilClient({ address, channel });
  expect((await failure(impatient.health.check({}))).status).toBe('UNAVAILABLE');
  await using client = createVigilClient({ address, waitForReady: true, channel });
  const answer = client.health.check({});
  await using _ = await startAnswering(
    [partly(Health, { check: async () => ({ status: Serving.SERVING }) })],
    port,
  );
  expect((await answer).status).toBe(Serving.SERVING);
});

test('every call carries a fresh token', async () => {
  const seen: unknown[] = [];
  const server = new Server();
  server.addService(toServiceDefinition(Health), {
    check: (call: ServerUnaryCall<Buffer, Buffer>, done: (error: null, answer: Buffer) => void) => {
      seen.push(call.metadata.get('authorization'));
      done(null, encode(Health.method.check.output, { status: Serving.SERVING }));
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  try {
    let made = 0;
    const token = async (): Promise<string> => {
      made += 1;
      if (made === 3) throw new Error('no token to be had');
      return `token-${made}`;
    };
    await using client = createVigilClient({ address: `127.0.0.1:${port}`, token });
    await client.health.check({});
    await client.health.check({});
    expect(seen).toEqual([['Bearer token-1'], ['Bearer token-2']]);
    expect((await failure(client.health.check({}))).message).toContain('no token to be had');
    expect(seen).toHaveLength(2);
  } finally {
    server.forceShutdown();
  }
});
