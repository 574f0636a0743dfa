import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VigilCallError } from '../../services/client/call-error.ts';
import { type Fault, type FaultRow, unanswered } from './fault.ts';
import { Traffic } from './traffic.ts';

/** Flips one bit in a version's weights, then asks for it to become stable. */
export const CORRUPT_BUNDLE: Fault = {
  name: 'bundle corrupted (one bit), then promoted by force',
  times: 5,
  // So that a version without an alias is read from its files again.
  settings: { VIGIL_MAX_RESIDENT_MODELS: '1' },
  run: async ({ victim, clients, request, directory, times }): Promise<FaultRow> => {
    const { models } = clients;
    const { versions } = await models.listModelVersions({});
    const stable = versions.find(({ aliases }) => aliases.includes('stable'))!;
    const other = versions.find(({ version }) => version !== stable.version)!;
    await models.setAlias({ alias: 'candidate', version: stable.version });
    const bundle = join(directory, 'models', other.lineage!.run.replace('runs/', ''));
    const weights = join(bundle, (await readdir(bundle)).find((name) => name.endsWith('.safetensors'))!);
    const whole = await readFile(weights);
    const traffic = new Traffic(victim.address, request, 4, 5000);
    let lost = 0;
    for (let time = 0; time < times; time++) {
      const damaged = Buffer.from(whole);
      const at = Math.floor((damaged.length * (time + 1)) / (times + 1));
      damaged[at] = damaged[at]! ^ 1;
      await writeFile(weights, damaged);
      const move = { alias: 'stable', version: other.version, force: true, reason: 'a fault on purpose' };
      const refusal = await models.setAlias(move).then(
        () => undefined,
        (error: unknown) => (error instanceof VigilCallError ? error.status : String(error)),
      );
      if (refusal !== 'DATA_LOSS') lost += 1;
    }
    await writeFile(weights, whole);
    const report = await traffic.end();
    const { version } = await models.getModelVersion({ model: 'stable' });
    if (version?.version !== stable.version) lost += 1;
    return {
      fault: CORRUPT_BUNDLE.name,
      times,
      traffic: report,
      lost: lost + unanswered(report),
      checked: 'each promotion is DATA_LOSS, the version that was stable answers all along',
    };
  },
};
