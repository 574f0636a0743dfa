import { Metadata } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { requestIdOf } from './request-id.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const metadataOf = (entries: Record<string, string>): Metadata => {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(entries)) metadata.set(name, value);
  return metadata;
};

test('x-request-id goes before the trace', () => {
  const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
  expect(requestIdOf(metadataOf({ 'x-request-id': 'a', traceparent }))).toBe('a');
  expect(requestIdOf(metadataOf({ traceparent }))).toBe(TRACE);
});

test('a retry in the same trace has the same id', () => {
  const [first, second] = ['00f067aa0ba902b7', 'b7ad6b7169203331'].map((span) =>
    requestIdOf(metadataOf({ traceparent: `00-${TRACE}-${span}-01` })),
  );
  expect(first).toBe(second);
});

test('nothing, or what is no traceparent, is no id', () => {
  expect(requestIdOf(metadataOf({}))).toBeUndefined();
  expect(requestIdOf(metadataOf({ traceparent: 'nonsense' }))).toBeUndefined();
});
