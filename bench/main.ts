/** `npm run bench [name ...]`: runs benchmarks, prints what they found, and keeps it in bench/results. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { benchClassifierStep } from './classifier-step.ts';

const BENCHMARKS: Readonly<Record<string, () => Promise<object>>> = {
  'classifier-step': benchClassifierStep,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown.length > 0) {
  process.stderr.write(
    `no benchmark ${unknown.join(', ')}; there are: ${Object.keys(BENCHMARKS).join(', ')}\n`,
  );
  process.exit(2);
}
const results = join('bench', 'results');
await mkdir(results, { recursive: true });
for (const name of asked.length > 0 ? asked : Object.keys(BENCHMARKS)) {
  const found = {
    benchmark: name,
    date: new Date().toISOString().slice(0, 10),
    ...(await BENCHMARKS[name]!()),
  };
  const text = `${JSON.stringify(found, null, 2)}\n`;
  process.stdout.write(text);
  await writeFile(join(results, `${name}.json`), text);
}
