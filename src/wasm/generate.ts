/** Assembles the .wat files of this folder into modules of gen/, as base64 text: `npm run generate`. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import createWabt from 'wabt';

const here = new URL('./', import.meta.url);
const wabt = await createWabt();
mkdirSync(new URL('gen/', here), { recursive: true });
for (const file of readdirSync(here).filter((name) => name.endsWith('.wat'))) {
  const assembled = wabt.parseWat(file, readFileSync(new URL(file, here), 'utf8'), { simd: true });
  const { buffer } = assembled.toBinary({});
  assembled.destroy();
  const constant = file.replace('.wat', '').replaceAll('-', '_').toUpperCase();
  const lines = Buffer.from(buffer)
    .toString('base64')
    .match(/.{1,100}/g)!
    .map((line) => `  '${line}',`);
  const text = `// Assembled from ${file} by generate.ts. Do not edit.\nexport const ${constant}_WASM = [\n${lines.join('\n')}\n].join('');\n`;
  writeFileSync(new URL(`gen/${file.replace('.wat', '.ts')}`, here), text);
}
