import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXEC_ARGV, siblingModule } from '../../services/child-module.ts';
import { projectRoot } from '../../services/project.ts';
import { type Contender, type Device, openContender } from './contender.ts';

/** One of our engines with `threads` threads. */
export function openOurs(
  engine: 'onnxruntime' | 'tensorflow',
  threads: number,
  device: Device = 'cpu',
): Contender {
  const main = fileURLToPath(siblingModule(import.meta.url, './engine-process'));
  const args = [...EXEC_ARGV, main, engine, String(threads), device];
  return openContender({ engine, threads, device }, process.execPath, args);
}

/** How PyTorch is written; see bench/peers/variants.py. */
export const VARIANTS = ['plain', 'tuned', 'compiled'] as const;
export type Variant = (typeof VARIANTS)[number];

export function openPytorch(
  python: string,
  variant: Variant,
  threads: number,
  device: Device = 'cpu',
): Contender {
  const script = join(projectRoot(), 'bench', 'peers', 'pytorch_training.py');
  const computes = device === 'gpu' ? 'cuda' : 'cpu';
  const args = [script, '--variant', variant, '--threads', String(threads), '--device', computes];
  return openContender({ engine: 'pytorch', variant, threads, device }, python, args);
}
