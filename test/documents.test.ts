/** What the documents and the chart say, held to the code. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { describeSettings, readConfig } from '../services/config.ts';
import { TrainingOptionsSchema } from '../services/gen/vigil/v1/train_pb.ts';
import { METRICS } from '../services/observability/metric-catalogue.ts';
import { ERRORS } from '../src/errors.ts';
import { DEFAULT_OPTIONS, passesFor } from '../src/tensor/compile/compile.ts';
import { OPTION_NAMES } from '../src/training/options.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Tables are aligned with spaces, which mean nothing. */
const read = (path: string): string => {
  const text = readFileSync(join(root, path), 'utf8');
  return path.endsWith('.md') ? text.replace(/ +/g, ' ') : text;
};

test('docs/configuration.md lists every setting with its meaning and default, and no other', () => {
  const text = read('docs/configuration.md');
  for (const { name, default: value, description } of describeSettings()) {
    const line = text.split('\n').find((each) => each.startsWith(`| \`${name}\``));
    expect(line, name).toContain(description);
    if (name !== 'VIGIL_ENGINE_THREADS' && value !== '') expect(line, name).toContain(`\`${value}\``);
  }
  const listed = [...text.matchAll(/^\| `((?:VIGIL|OTEL)_[A-Z_]+)`/gm)].map(([, name]) => name);
  expect(listed.toSorted()).toEqual(
    describeSettings()
      .map(({ name }) => name)
      .toSorted(),
  );
});

test('docs/compiler.md lists every pass, in order, and no other', () => {
  const text = read('docs/compiler.md');
  const listed = [...text.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name);
  expect(listed).toEqual(passesFor(DEFAULT_OPTIONS).map(({ name }) => name));
});

test('docs/errors.md lists every code with its meaning, and no other', () => {
  const text = read('docs/errors.md');
  for (const [code, [, meaning]] of Object.entries(ERRORS))
    expect(text).toMatch(
      new RegExp(`^\\| \`${code}\` \\| [A-Z_]+ \\| ${meaning.replaceAll('.', '\\.')} \\|$`, 'm'),
    );
  expect(text.match(/^\| `[A-Z_]+`/gm)).toHaveLength(Object.keys(ERRORS).length);
});

test('docs/operations/metrics.md lists every family with its type and labels', () => {
  const text = read('docs/operations/metrics.md');
  for (const { name, type, labels, help } of Object.values(METRICS)) {
    const shown = labels.map((label) => `\`${label}\``).join(', ');
    expect(text).toContain(`| \`${name}\` | ${type} | ${shown} | ${help} |`.replace(/ +/g, ' '));
  }
});

test('tests that docs/security.md cites are there', () => {
  const cited = [
    ...read('docs/security.md').matchAll(/\]\((\.\.\/[^)]+\.test\.ts)\)(?:: ((?:"[^"]+"(?:, )?)+))?/g),
  ];
  expect(cited.length).toBeGreaterThan(25);
  for (const [, path, titles = ''] of cited) {
    const source = read(path!.slice('../'.length));
    for (const [, title] of titles.matchAll(/"([^"]+)"/g)) expect(source, path).toContain(title);
  }
});

test('options have one list: in the schema, in the proto and in docs/method.md', () => {
  expect(TrainingOptionsSchema.fields.map(({ localName }) => localName).toSorted()).toEqual(
    [...OPTION_NAMES].toSorted(),
  );
  const text = read('docs/method.md');
  for (const name of OPTION_NAMES) expect(text).toContain(`\`${name}\``);
});

test('the chart takes every setting but those it writes itself', () => {
  const schema = JSON.parse(read('charts/vigil/values.schema.json')) as {
    properties: { config: { properties: Record<string, unknown> } };
  };
  const written = [...read('charts/vigil/templates/configmap.yaml').matchAll(/^ +(VIGIL_[A-Z_]+):/gm)].map(
    ([, name]) => name!,
  );
  const expected = describeSettings()
    .map(({ name }) => name)
    .filter((name) => !written.includes(name));
  expect(Object.keys(schema.properties.config.properties).toSorted()).toEqual(expected.toSorted());
  expect(written).toHaveLength(12);
});

test('the image and the chart carry the version of the package', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  expect(read('charts/vigil/Chart.yaml')).toContain(`appVersion: ${version}`);
  expect(read('CHANGELOG.md')).toContain(`## ${version}`);
});

test('settings that the image sets are settings', () => {
  const set = [...read('Dockerfile').matchAll(/(VIGIL_[A-Z_]+)=(\S+)/g)].map(
    ([, name, value]) => [name!, value!] as const,
  );
  expect(new Set(set.map(([name]) => name)).size).toBe(4);
  expect(readConfig(Object.fromEntries(set)).VIGIL_GRPC_ADDRESS).toBe('0.0.0.0:50051');
});

function documents(directory: string): string[] {
  return readdirSync(join(root, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return documents(path);
    return path.endsWith('.md') ? [path] : [];
  });
}

test.each(['README.md', 'CONTRIBUTING.md', ...documents('docs')])('links of %s lead somewhere', (path) => {
  for (const [, target] of read(path).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)) {
    expect(existsSync(join(root, dirname(path), target!)), `${path}: ${target}`).toBe(true);
  }
});
