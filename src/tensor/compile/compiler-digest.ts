import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';

let digest: string | undefined;

/**
 * The compiler's version: a hash of its own modules, as sources or as built, and of TensorFlow.js's version. Whoever
 * changes a pass or a lowering need not remember to count a number up.
 */
export function compilerDigest(): string {
  if (digest) return digest;
  const hash = createHash('sha256').update(tf.version_core);
  const root = new URL('./', import.meta.url);
  // Sources are hashed as they are run: TypeScript here, JavaScript where they were built.
  const extension = import.meta.url.slice(-3);
  const modulesOf = (directory: string, recursive: boolean): string[] =>
    readdirSync(fileURLToPath(new URL(directory, root)), { recursive, encoding: 'utf8' })
      .map((path) => `${directory}${path.replaceAll('\\', '/')}`)
      .filter((path) => path.endsWith(extension) && !/\.(test|d)\.ts$/.test(path));
  // Beside the compiler lie the reference kernels that fold constants, and what all engines share.
  for (const path of [...modulesOf('../', false), ...modulesOf('./', true)].sort()) {
    hash.update(`${path}\n`).update(readFileSync(new URL(path, root)));
  }
  digest = hash.digest('hex');
  return digest;
}
