import { expect, test } from 'vitest';
import { isLoopback, toCallCredentials, toChannelCredentials } from './credentials.ts';

test.each([
  '127.0.0.1:50051',
  'localhost:1',
  '[::1]:50051',
  'dns:///localhost:1',
  'dns:localhost:1',
  'dns://1.1.1.1/localhost:1',
  'ipv4:127.0.0.1:1,127.0.0.2:2',
  'ipv6:[::1]:1',
  'unix:/run/vigil.sock',
])('%s is this machine', (target) => expect(isLoopback(target)).toBe(true));

test.each([
  '10.0.0.1:50051',
  'vigil:50051',
  'localhost.example.com:1',
  '127.0.0.1.example.com:1',
  'dns:///vigil:1',
  'dns://127.0.0.1/vigil:1',
  'ipv4:127.0.0.1:1,10.0.0.1:2',
  '[::10]:1',
])('%s is another machine', (target) => expect(isLoopback(target)).toBe(false));

test('a token does not leave this machine without TLS unless that is asked for', () => {
  const refuse = () => toCallCredentials('vigil:50051', { token: 'secret' });
  expect(refuse).toThrow('token: found no TLS on the way to vigil:50051');
  expect(refuse).not.toThrow('secret');
  for (const options of [{ tls: true }, { allowPlaintextToken: true }] as const)
    expect(toCallCredentials('vigil:50051', { token: 'secret', ...options })).toBeDefined();
  expect(toCallCredentials('127.0.0.1:50051', { token: 'secret' })).toBeDefined();
  expect(toCallCredentials('vigil:50051', {})).toBeUndefined();
});

test('half a client certificate is refused', () => {
  expect(() => toChannelCredentials({ tls: { cert: 'x' } })).toThrow('a cert without its key');
  expect(() => toChannelCredentials({ tls: { key: 'x' } })).toThrow('a key without its cert');
  expect(() => toChannelCredentials({ tls: true })).not.toThrow();
});
