import { expect, test } from 'vitest';
import { chooseEngine } from './choose.ts';
import { nativeSettings } from './tensorflow/environment.ts';
import { checkNode, gpuAbsent } from './tensorflow/load.ts';

test.skipIf(gpuAbsent() === undefined)('auto without a GPU is onnxruntime, and says why', async () => {
  const { engine, refused } = await chooseEngine({ engine: 'auto', device: 'auto', threads: 1 });
  expect(engine).toMatchObject({ name: 'onnxruntime', device: 'cpu' });
  expect(refused).toEqual([{ engine: 'tensorflow', reason: expect.stringContaining('no NVIDIA GPU') }]);
});

test('auto on the CPU is onnxruntime, GPU or not', async () => {
  const { engine, refused } = await chooseEngine({ engine: 'auto', device: 'cpu', threads: 1 });
  expect(engine.name).toBe('onnxruntime');
  expect(refused).toEqual([{ engine: 'tensorflow', reason: expect.stringContaining('CPU was asked for') }]);
});

test('a GPU that is asked for by name and cannot be had is refused', async () => {
  await expect(chooseEngine({ engine: 'reference', device: 'gpu', threads: 1 })).rejects.toMatchObject({
    code: 'ENGINE_REFUSED',
    message: 'engine reference cannot run here: it computes on the CPU, and a GPU was asked for',
  });
});

test('auto on a GPU never computes on the CPU, and gives every reason', async () => {
  const outcome = await chooseEngine({ engine: 'auto', device: 'gpu', threads: 1 }).then(
    ({ engine }) => engine.device,
    (error: Error) => error.message,
  );
  // Graphics adapters differ by machine; what they may not be is a CPU.
  expect(outcome).toMatch(/^(gpu|webgpu|no engine can run here: tensorflow: .*; onnxruntime: WebGPU .*)$/);
});

test('a Node that breaks the packages is refused before they are loaded', () => {
  expect(() => checkNode('22.23.3')).not.toThrow();
  expect(() => checkNode('23.0.0')).toThrow('does not run on Node 23 or newer, this is 23.0.0');
});

test('a GPU is looked for where its driver shows itself', () => {
  expect(gpuAbsent(() => false)).toContain('/dev/nvidiactl is absent');
  expect(gpuAbsent((path) => path === '/dev/nvidiactl')).toBeUndefined();
  expect(gpuAbsent((path) => path === '/dev/dxg')).toBeUndefined();
});

test('the native library is told threads, and to leave the GPU alone only where the CPU was asked for', () => {
  expect(nativeSettings(3, false)).toMatchObject({ TF_NUM_INTRAOP_THREADS: '3', TF_ENABLE_ONEDNN_OPTS: '1' });
  expect(nativeSettings(3, false)).not.toHaveProperty('CUDA_VISIBLE_DEVICES');
  expect(nativeSettings(3, true)).toHaveProperty('CUDA_VISIBLE_DEVICES', '-1');
});
