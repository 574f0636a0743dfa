import { expect, test } from 'vitest';
import { layoutOf, NETWORKS } from '../../models/networks.ts';
import { layoutSize } from '../../models/parameters.ts';
import type { ClassifierArchitecture, ModelSpec } from '../../models/spec.ts';

const PAPER: ModelSpec = {
  channels: 18,
  steps: 100,
  classes: 3,
  latentSize: 100,
  kernelHeight: 'paper',
  generatorArchitecture: 'paper',
  classifierArchitecture: 'paper',
};

// What the steps compute is held to the reference, on every engine, in test/engines/agreement.test.ts.
test('the networks have the shapes and sizes of the method at 18 x 100', () => {
  const sizes = NETWORKS.map((network) => layoutSize(layoutOf(network, PAPER)));
  // Counted by hand, layer by layer: about 1.5 M, 190 k and 106 k; C's other forms 120 k and 17.5 k.
  expect(sizes).toEqual([1_463_948, 187_588, 105_731]);
  const sizeOfForm = (classifierArchitecture: ClassifierArchitecture): number =>
    layoutSize(layoutOf('classifier', { ...PAPER, classifierArchitecture }));
  expect([sizeOfForm('residual'), sizeOfForm('statistics')]).toEqual([119_715, 17_539]);
  const dense = layoutOf('generator', PAPER).find(({ name }) => name === 'dense/kernel');
  expect(dense?.shape).toEqual([800, 1800]);
});
