import type { Command } from 'commander';
import { DeleteModelVersionResponseSchema } from '../gen/vigil/v1/models_pb.ts';
import { messageJson, remark, writeJson } from './print.ts';
import { globalsOf, withClients } from './session.ts';

/** `models delete`. */
export function addDeleteVersion(models: Command): void {
  models
    .command('delete <version>')
    .description('delete a version that no alias, canary or shadow names')
    .action(async (version: string, _: object, command: Command) => {
      const { address, json } = globalsOf(command);
      await withClients(address, async (clients) => {
        const answer = await clients.models.deleteModelVersion({ version });
        if (json) return writeJson(messageJson(DeleteModelVersionResponseSchema, answer));
        remark(`model version ${version} deleted`);
      });
    });
}
