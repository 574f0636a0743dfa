import { expect, test } from 'vitest';
import { VigilError } from '../errors.ts';
import { specOfManifest } from './bundle.ts';

/** What is read of a manifest; `networks` as it may stand in a file. */
function manifestOf(classifierArchitecture?: string): Parameters<typeof specOfManifest>[0] {
  const networks = { latentSize: 100, kernelHeight: 'all', generatorArchitecture: 'dcgan' } as const;
  const architecture = classifierArchitecture && {
    classifierArchitecture: classifierArchitecture as 'paper',
  };
  return {
    channels: 4,
    steps: 30,
    classNames: ['alert', 'drowsy'],
    networks: { ...networks, ...architecture },
  };
}

test("a bundle that does not say which classifier it has, has the paper's", () => {
  expect(specOfManifest(manifestOf())).toEqual({
    channels: 4,
    steps: 30,
    classes: 2,
    latentSize: 100,
    kernelHeight: 'all',
    generatorArchitecture: 'dcgan',
    classifierArchitecture: 'paper',
  });
  expect(specOfManifest(manifestOf('statistics')).classifierArchitecture).toBe('statistics');
});

test('a bundle with a classifier of a newer version is refused by name', () => {
  let found: unknown;
  try {
    specOfManifest(manifestOf('transformer'));
  } catch (error) {
    found = error;
  }
  expect(found).toBeInstanceOf(VigilError);
  expect((found as VigilError).code).toBe('MODEL_INCOMPATIBLE');
  expect((found as VigilError).message).toContain(
    '"transformer"; this version knows paper, residual, statistics',
  );
});
