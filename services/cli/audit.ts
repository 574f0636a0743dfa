import { timestampDate } from '@bufbuild/protobuf/wkt';
import { type Command, InvalidArgumentError } from 'commander';
import { ListAuditEntriesResponseSchema } from '../gen/vigil/v1/audit_pb.ts';
import { messageJson, printable, writeJson, writeTable } from './print.ts';
import { globalsOf, withClients } from './session.ts';

function parseLimit(text: string): number {
  if (/^([1-9]\d{0,2}|1000)$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Allowed: 1 to 1000.');
}

export function addAudit(program: Command): void {
  program
    .command('audit')
    .description('who trained, promoted, uploaded and deleted, and who was refused; newest first')
    .option('-p, --principal <name>', 'of this principal only', '')
    .option('-n, --limit <entries>', 'most entries to list', parseLimit, 50)
    .option('--page <token>', 'go on where an earlier answer ended: its nextPageToken', '')
    .action(async (flags: { principal: string; limit: number; page: string }, command: Command) => {
      const { address, json } = globalsOf(command);
      const { principal, limit: pageSize, page: pageToken } = flags;
      await withClients(address, async ({ audit }) => {
        const page = await audit.listAuditEntries({ principal, pageSize, pageToken });
        if (json) return writeJson(messageJson(ListAuditEntriesResponseSchema, page));
        const rows = page.entries.map((entry) => [
          timestampDate(entry.time!).toISOString().slice(0, 19),
          printable(entry.principal),
          entry.action,
          printable(entry.subject),
          printable(entry.detail),
        ]);
        writeTable(['time', 'who', 'what', 'to', ''], rows);
      });
    });
}
