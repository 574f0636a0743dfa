import { expect, test } from 'vitest';
import { VigilError } from '../../src/errors.ts';
import { toRpcStatus, toRpcStatusMessage } from './status.ts';

const sizeOf = (error: VigilError): number => {
  const { details, metadata } = toRpcStatus(error);
  const [binary] = metadata.get('grpc-status-details-bin') as [Buffer];
  return encodeURI(details).length + Math.ceil((binary.length * 4) / 3);
};

test('what a caller has sent comes back in headers that every client takes', () => {
  for (const text of ['7, '.repeat(20_000), '\u{1F600}'.repeat(20_000), '\u0939'.repeat(20_000)]) {
    const field = VigilError.field(text, text, text);
    const plain = new VigilError('MODEL_NOT_FOUND', text, { metadata: { model: text } });
    for (const error of [field, plain]) expect(sizeOf(error)).toBeLessThan(12_000);
    const { message } = toRpcStatusMessage(plain);
    expect(message.endsWith('…')).toBe(true);
    expect(message).not.toContain('\uFFFD');
    expect(text.startsWith(message.slice(0, -1))).toBe(true);
    expect(message.length).toBeGreaterThan(300);
  }
});

test('many violations are told as far as there is room, short ones whole', () => {
  const fields = Array.from({ length: 1000 }, (_, i) => ({ field: `options.a${i}`, description: 'unknown' }));
  const many = new VigilError('FIELD_INVALID', 'unknown options', { fields });
  expect(sizeOf(many)).toBeLessThan(8000);
  const short = new VigilError('FIELD_INVALID', 'unknown options', { fields: fields.slice(0, 20) });
  const { details } = toRpcStatusMessage(short);
  expect(details).toHaveLength(2);
  expect(Buffer.from(details[1]!.value).toString('latin1')).toContain('options.a19');
});
