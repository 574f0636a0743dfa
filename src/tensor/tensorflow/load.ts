import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as tf from '@tensorflow/tfjs';
import type { DeviceWish } from '../engine.ts';
import { nativeSettings } from './environment.ts';
import { findPackage } from './packages.ts';

/** An attribute of a TensorFlow op, as the addon takes it. */
export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** What we use of the addon: enumerators of TensorFlow's C API. */
export interface Binding {
  readonly TF_FLOAT: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_Version: string;
}

/** The backend that the packages register under the name `tensorflow`; any op of TensorFlow can be called on it. */
export interface TensorflowBackend extends tf.KernelBackend {
  readonly binding: Binding;
  readonly isUsingGpuDevice: boolean;
  executeSingleOutput(op: string, attributes: OpAttribute[], inputs: tf.TensorInfo[]): tf.Tensor;
  executeMultipleOutputs(
    op: string,
    attributes: OpAttribute[],
    inputs: tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[];
}

/** A loaded package. */
export interface Loaded {
  readonly backend: TensorflowBackend;
  /** For example "@tensorflow/tfjs-node 4.22.0, TensorFlow 2.15.1". */
  readonly version: string;
}

export const BACKEND = 'tensorflow';

let loaded: Loaded | undefined;

/**
 * Loads the GPU package where it is staged, else the CPU package. Throws with the reason where neither can be loaded,
 * or where `device` is `gpu` and there is none. A process loads one package once: later calls get the same, whatever
 * they ask of threads.
 */
export function loadTensorflow(threads: number, device: DeviceWish): Loaded {
  loaded ??= load(threads, device);
  if (device === 'gpu' && !loaded.backend.isUsingGpuDevice)
    throw new Error(`${loaded.version} was loaded, but it sees no GPU that it can use`);
  return loaded;
}

function load(threads: number, device: DeviceWish): Loaded {
  checkNode(process.versions.node);
  const gpu = findPackage('@tensorflow/tfjs-node-gpu');
  const cpu = findPackage('@tensorflow/tfjs-node');
  if (device === 'gpu') {
    const absent = gpuAbsent();
    if (absent) throw new Error(absent);
    if (gpu.missing) throw new Error(`${gpu.name}: ${gpu.missing}`);
  }
  const choice = gpu.missing === undefined ? gpu : cpu;
  if (choice.missing) throw new Error(`${choice.name}: ${choice.missing}`);
  const settings = nativeSettings(threads, device === 'cpu');
  for (const [name, value] of Object.entries(settings)) process.env[name] ??= value;
  const module = createRequire(import.meta.url)(choice.name) as typeof tf;
  const backend = module.backend() as TensorflowBackend;
  return {
    backend,
    version: `${choice.name} ${choice.version}, TensorFlow ${backend.binding.TF_Version}`,
  };
}

/** Throws where this Node cannot run the packages, which call `util.isNullOrUndefined`, gone since Node 23. */
export function checkNode(version: string): void {
  const major = Number.parseInt(version, 10);
  if (major >= 23)
    throw new Error(`@tensorflow/tfjs-node 4.22 does not run on Node 23 or newer, this is ${version}`);
}

/** Why there can be no NVIDIA GPU here, without loading a library; undefined when there may be one. */
export function gpuAbsent(exists: (path: string) => boolean = existsSync): string | undefined {
  // The driver's control device, and that of the Windows subsystem for Linux.
  if (exists('/dev/nvidiactl') || exists('/dev/dxg')) return undefined;
  return 'there is no NVIDIA GPU here, or its driver is not loaded (/dev/nvidiactl is absent)';
}
