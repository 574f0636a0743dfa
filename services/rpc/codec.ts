import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { VigilError } from '../../src/errors.ts';

/** Decodes a request; bytes that are no such message are FIELD_INVALID. Bytes fields are views, not copies. */
export function decode<M extends DescMessage>(schema: M, bytes: Uint8Array): MessageShape<M> {
  try {
    return fromBinary(schema, bytes);
  } catch (cause) {
    throw new VigilError('FIELD_INVALID', `the request is not a valid ${schema.typeName} message`, { cause });
  }
}

export function encode<M extends DescMessage>(schema: M, message: MessageInitShape<M>): Buffer {
  const bytes = toBinary(schema, create(schema, message));
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
