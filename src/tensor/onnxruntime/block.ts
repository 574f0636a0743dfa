import { create, toBinary } from '@bufbuild/protobuf';
import * as ort from 'onnxruntime-node';
import { ModelProtoSchema, TensorProto_DataType } from '../compile/gen/onnx/onnx_pb.ts';
import { NCHWC } from '../compile/kernels/convolution-blocked.ts';

const CHANNELS = 64;
const WIDTH = 2;

/**
 * How many channels the runtime keeps together in its blocked layout on this processor (16 with AVX-512, 8 with AVX,
 * ...): it reorders a numbered tensor, and the numbers tell. 1 where it has no such layout.
 */
export async function detectBlock(): Promise<number> {
  const shape = [1, CHANNELS, 1, WIDTH];
  const dim = shape.map((size) => ({ value: { case: 'dimValue' as const, value: BigInt(size) } }));
  const tensor = { elemType: TensorProto_DataType.FLOAT, shape: { dim } };
  const port = (name: string) => ({ name, type: { value: { case: 'tensorType' as const, value: tensor } } });
  const model = create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [
      { domain: '', version: 20n },
      { domain: NCHWC, version: 1n },
    ],
    graph: {
      name: 'block',
      node: [{ opType: 'ReorderInput', domain: NCHWC, input: ['x'], output: ['y'] }],
      input: [port('x')],
      output: [port('y')],
    },
  });
  let session: ort.InferenceSession | undefined;
  try {
    session = await ort.InferenceSession.create(toBinary(ModelProtoSchema, model), { logSeverityLevel: 4 });
    const numbered = Float32Array.from({ length: CHANNELS * WIDTH }, (_, i) => i);
    const { y } = await session.run({ x: new ort.Tensor('float32', numbered, shape) });
    // Channels of position 0 have even numbers: the block ends where position 1 begins.
    const block = (y!.data as Float32Array).indexOf(1);
    return block > 0 && CHANNELS % block === 0 ? block : 1;
  } catch {
    return 1;
  } finally {
    await session?.release();
  }
}
