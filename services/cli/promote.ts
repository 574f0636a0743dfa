import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { Command } from 'commander';
import { VigilCallError } from '../client/call-error.ts';
import { GateReason } from '../gen/vigil/v1/gate_pb.ts';
import { ListAliasChangesResponseSchema, SetAliasResponseSchema } from '../gen/vigil/v1/models_pb.ts';
import { writeGate, writeRefusal } from './gate.ts';
import { messageJson, write, writeJson, writeTable } from './print.ts';
import { globalsOf, withClients } from './session.ts';

interface PromoteFlags {
  readonly alias: string;
  readonly expect?: string;
  readonly force: boolean;
  readonly reason: string;
}

/** `models promote` and `models history`. */
export function addPromote(models: Command): void {
  models
    .command('promote <model>')
    .description('point an alias at a version: promotes, and rolls back; stable asks the promotion gate')
    .option('-a, --alias <name>', 'the alias', 'stable')
    .option('--expect <version>', 'fail when the alias points elsewhere by now')
    .option('--force', 'although the gate refuses; needs --reason', false)
    .option('--reason <text>', 'why, kept with the change', '')
    .action(async (model: string, flags: PromoteFlags, command: Command) => {
      const { address, json } = globalsOf(command);
      const { alias, expect, force, reason } = flags;
      await withClients(address, async (clients) => {
        const request = { alias, version: model, force, reason };
        const answer = await clients.models
          .setAlias({ ...request, ...(expect !== undefined && { expectedVersion: expect }) })
          .catch((error: unknown) => {
            if (!json && error instanceof VigilCallError && error.reason === 'PROMOTION_REFUSED')
              writeRefusal(error.metadata);
            throw error;
          });
        if (json) return writeJson(messageJson(SetAliasResponseSchema, answer));
        if (answer.gate) writeGate(answer.gate);
        write(
          `${alias} points at version ${answer.version!.version} (before: ${answer.previousVersion || 'nothing'})`,
        );
      });
    });
  models
    .command('history')
    .description('moves of aliases, newest first: who, from where, and what the gate found')
    .option('-a, --alias <name>', 'of this alias only', '')
    .action(async ({ alias }: { alias: string }, command: Command) => {
      const { address, json } = globalsOf(command);
      await withClients(address, async (clients) => {
        const page = await clients.models.listAliasChanges({ alias, pageSize: 1000 });
        if (json) return writeJson(messageJson(ListAliasChangesResponseSchema, page));
        const rows = page.changes.map((change) => [
          timestampDate(change.time!).toISOString().slice(0, 19),
          change.alias,
          change.version,
          change.previousVersion || '-',
          change.gate ? GateReason[change.gate.reason]!.toLowerCase().replaceAll('_', ' ') : '-',
          change.forced ? 'forced' : '',
          change.principal,
          change.reason,
        ]);
        writeTable(['time', 'alias', 'version', 'before', 'gate', '', 'by', 'reason'], rows);
      });
    });
}
