import type { MessageInitShape } from '@bufbuild/protobuf';
import type { TensorSchema } from './gen/vigil/v1/tensor_pb.ts';

/** Values as the raw bytes of a tensor, not copied: they are the message's from then on. */
export const rawTensor = (
  { buffer, byteOffset, byteLength }: Float32Array,
  shape: readonly number[],
): MessageInitShape<typeof TensorSchema> & object => ({
  shape: shape.map(BigInt),
  data: { case: 'raw', value: new Uint8Array(buffer, byteOffset, byteLength) },
});
