/** Channels, steps and classes are data: nine speakers instead of three levels of drowsiness. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer, trainToEnd } from './support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

const vowels = {
  dataset: 'example:japanese-vowels',
  split: { by: 'fold', testFold: 0, validationFold: 1 },
};

test('speakers are told apart by their vowels, and G draws utterances of each', {
  timeout: 120_000,
}, async () => {
  const version = await trainToEnd(server, {
    ...vowels,
    requestId: 'vowels',
    regime: 'joint_scratch',
    options: { epochs: 10, classifierLearningRate: 1e-3, latentSize: 16 },
  });
  const { version: model } = await server.models.getModelVersion({ model: version });
  expect(model).toMatchObject({ steps: 20, hasGenerator: true });
  expect(model?.channelNames).toHaveLength(12);
  expect(model?.evaluation).toMatchObject({ rows: 370n });
  // Chance is 1/9.
  expect(model?.evaluation?.macroAccuracy).toBeGreaterThan(0.6);
  const counts = [
    { className: 'speaker_3', rows: 2n },
    { className: 'speaker_9', rows: 1n },
  ];
  let rows = 0n;
  for await (const { event } of server.synthesizer.synthesize({ model: version, counts }))
    if (event.case === 'chunk') rows += event.value.samples!.shape[0]!;
  expect(rows).toBe(3n);
});
