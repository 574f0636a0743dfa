import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXEC_ARGV, siblingModule } from '../../services/child-module.ts';
import { projectRoot } from '../../services/project.ts';
import { type Contender, openContender } from './contender.ts';

/** One of our engines with `threads` threads. */
export function openOurs(engine: 'onnxruntime' | 'tensorflow', threads: number): Contender {
  const main = fileURLToPath(siblingModule(import.meta.url, './engine-process'));
  return openContender({ engine, threads }, process.execPath, [...EXEC_ARGV, main, engine, String(threads)]);
}

/** How PyTorch is written; see bench/peers/variants.py. */
export const VARIANTS = ['plain', 'tuned', 'compiled'] as const;
export type Variant = (typeof VARIANTS)[number];

export function openPytorch(python: string, variant: Variant, threads: number): Contender {
  const script = join(projectRoot(), 'bench', 'peers', 'pytorch_training.py');
  const args = [script, '--variant', variant, '--threads', String(threads)];
  return openContender({ engine: 'pytorch', variant, threads }, python, args);
}
