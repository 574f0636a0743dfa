import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tinyData } from '../../test/support/tiny-run.ts';
import { openReference } from '../tensor/reference/engine.ts';
import { parseTrainingOptions } from './options.ts';
import { REGIMES } from './regimes/table.ts';
import { train } from './trainer.ts';
import { prepareData } from './training-data.ts';

test('a stop is heard while SMOTE looks for neighbours, before anything is trained', async () => {
  const engine = await openReference();
  const directory = mkdtempSync(join(tmpdir(), 'vigil-stop-'));
  const compiled: string[] = [];
  const { dataset, split } = tinyData();
  const options = parseTrainingOptions({ epochs: 1, batchSize: 4, latentSize: 4 }, 'smote');
  try {
    const result = await train({
      engine: {
        ...engine,
        compile: (program, state) => {
          compiled.push(program.name);
          return engine.compile(program, state);
        },
      },
      regime: REGIMES.smote,
      options,
      data: prepareData(dataset, split, options),
      directory,
      stopRequested: () => 'cancel',
      onUpdate: () => {},
      pause: async () => {},
      clock: () => 0,
    });
    expect(result).toEqual({ kind: 'cancelled', checkpointEpoch: 0 });
    expect(compiled).toHaveLength(1);
    expect(compiled[0]).not.toContain('step');
  } finally {
    rmSync(directory, { recursive: true });
    await engine.dispose();
  }
});
