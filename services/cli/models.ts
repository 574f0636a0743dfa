import type { Command } from 'commander';
import { ListModelVersionsResponseSchema, ModelVersionSchema } from '../gen/vigil/v1/models_pb.ts';
import { addDeleteVersion } from './delete-version.ts';
import { addExport } from './export.ts';
import { decimal, messageJson, percent, write, writeJson, writeTable } from './print.ts';
import { addPromote } from './promote.ts';
import { writeEvaluation } from './scores.ts';
import { globalsOf, withClients } from './session.ts';
import { addTraffic, shortSplit } from './traffic.ts';

export function addModels(program: Command): void {
  const models = program
    .command('models')
    .description('list, show, promote, split traffic to, export and delete model versions');
  models
    .command('list', { isDefault: true })
    .description('versions, newest first')
    .action(async (_: object, command: Command) => {
      const { address, json } = globalsOf(command);
      await withClients(address, async (clients) => {
        const page = await clients.models.listModelVersions({ pageSize: 1000 });
        if (json) return writeJson(messageJson(ListModelVersionsResponseSchema, page));
        const rows = page.versions.map(
          ({ version, aliases, traffic, lineage, evaluation, hasGenerator, loaded }) => [
            version,
            [...aliases, ...traffic.map(shortSplit)].join(', ') || '-',
            lineage?.regime ?? '',
            lineage?.dataset ?? '',
            percent(evaluation?.macroAccuracy),
            decimal(evaluation?.macroAuc),
            hasGenerator ? 'yes' : 'no',
            loaded ? 'yes' : 'no',
          ],
        );
        writeTable(
          ['version', 'aliases', 'regime', 'dataset', 'macro acc.', 'macro AUC', 'generator', 'loaded'],
          rows,
        );
      });
    });
  models
    .command('show <model>')
    .description('one version, by number or alias')
    .action(async (model: string, _: object, command: Command) => {
      const { address, json } = globalsOf(command);
      await withClients(address, async (clients) => {
        const { version } = await clients.models.getModelVersion({ model });
        if (json) return writeJson(messageJson(ModelVersionSchema, version!));
        const { lineage, aliases, traffic, channelNames, classNames, steps, sha256, evaluation } = version!;
        const names = [...aliases, ...traffic.map(shortSplit)].join(', ') || '-';
        write(`version ${version!.version}  aliases ${names}  sha256 ${sha256}`);
        write(`${channelNames.length} channels x ${steps} steps  classes ${classNames.join(', ')}`);
        write(
          `${lineage?.regime} on ${lineage?.dataset}  seed ${lineage?.seed}  ${lineage?.run}  engine ${lineage?.engine}`,
        );
        writeEvaluation(evaluation!);
      });
    });
  addPromote(models);
  addTraffic(models);
  addExport(models);
  addDeleteVersion(models);
}
