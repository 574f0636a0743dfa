import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VigilError } from '../../src/errors.ts';
import { type BareServer, startBareServer } from '../../test/support/bare-server.ts';
import { Health } from '../gen/grpc/health/v1/health_pb.ts';
import { mounted } from '../grpc-server.ts';

const same = (value: Buffer): Buffer => value;
/** Deadlines that were asked about, in milliseconds from then. */
let asked: (number | undefined)[];
let refusal: VigilError | undefined;
let handled: number;
let server: BareServer;
let client: Client;

beforeEach(async () => {
  asked = [];
  refusal = undefined;
  handled = 0;
  const handlers = {
    check: async () => {
      handled += 1;
      return {};
    },
    list: async () => ({}),
    watch: async function* () {},
  };
  const refuse = (deadline: number | undefined): VigilError | undefined => {
    asked.push(deadline === undefined ? undefined : deadline - performance.now());
    return refusal;
  };
  server = await startBareServer({}, [mounted(Health, handlers, { check: refuse })]);
  client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
});
afterEach(async () => {
  client.close();
  await server.stop();
});

function call(method: string, message = Buffer.alloc(0), timeoutMs?: number): Promise<ServiceError | null> {
  const options = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
  return new Promise((resolve) => {
    const path = `/grpc.health.v1.Health/${method}`;
    client.makeUnaryRequest(path, same, same, message, options, (error) => resolve(error));
  });
}

const detailsOf = (error: ServiceError | null): string =>
  String(error?.metadata.get('grpc-status-details-bin')[0]);

test('a refused call has the status, details and time of its error, and no handler hears of it', async () => {
  refusal = new VigilError('QUEUE_FULL', 'rows wait: 100 % full', { retryAfterMs: 250 });
  const error = await call('Check', Buffer.alloc(0), 5000);
  expect(error).toMatchObject({ code: status.RESOURCE_EXHAUSTED, details: 'rows wait: 100 % full' });
  const details = detailsOf(error);
  expect(details).toContain('QUEUE_FULL');
  expect(details).toContain('google.rpc.RetryInfo');
  expect(handled).toBe(0);
  expect(server.statuses).toEqual(['RESOURCE_EXHAUSTED']);
});

test('it is asked with the deadline of the call, if it has one, and lets calls pass', async () => {
  expect(await call('Check')).toBeNull();
  expect(await call('Check', Buffer.alloc(0), 5000)).toBeNull();
  expect(asked[0]).toBeUndefined();
  expect(asked[1]).toBeGreaterThan(4000);
  expect(asked[1]).toBeLessThanOrEqual(5001);
  expect(handled).toBe(2);
});

test('other methods are not asked about', async () => {
  refusal = new VigilError('QUEUE_FULL', 'full');
  expect(await call('List')).toBeNull();
  expect(asked).toEqual([]);
});

test('each refusal is told as it is, also right after another', async () => {
  refusal = new VigilError('QUEUE_FULL', 'one', { retryAfterMs: 1 });
  const [first, again] = await Promise.all([call('Check'), call('Check')]);
  refusal = new VigilError('DEADLINE_UNREACHABLE', 'two');
  const second = await call('Check');
  expect([first?.details, again?.details, second?.details]).toEqual(['one', 'one', 'two']);
  const details = detailsOf(second);
  expect(details).toContain('DEADLINE_UNREACHABLE');
});

test('messages that nobody reads do not use up the window of the connection', async () => {
  refusal = new VigilError('QUEUE_FULL', 'full');
  const message = Buffer.alloc(64 * 1024);
  // Thirty-two MiB on one connection, whose window is four.
  for (let i = 0; i < 16; i++) {
    const errors = await Promise.all(Array.from({ length: 32 }, () => call('Check', message, 10_000)));
    expect(new Set(errors.map((error) => error?.code))).toEqual(new Set([status.RESOURCE_EXHAUSTED]));
  }
  refusal = undefined;
  expect(await call('Check', Buffer.alloc(0), 10_000)).toBeNull();
});
