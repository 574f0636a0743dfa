import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { AuditService } from '../gen/vigil/v1/audit_pb.ts';
import { pageSize, parseNumberToken, toPage } from '../paging.ts';
import type { ServiceHandlers } from '../rpc/handler.ts';
import type { AuditLog } from '../storage/store.ts';

export function createAuditHandlers(store: AuditLog): ServiceHandlers<typeof AuditService> {
  return {
    listAuditEntries: async ({ principal, pageSize: asked, pageToken }) => {
      const size = pageSize(asked);
      const page = { limit: size + 1, after: parseNumberToken(pageToken) };
      const rows = await store.auditEntries(principal === '' ? undefined : principal, page);
      const { page: entries, nextPageToken } = toPage(rows, size, ({ id }) => id);
      return {
        entries: entries.map(({ id: _, time, ...entry }) => ({ ...entry, time: timestampFromMs(time) })),
        nextPageToken,
      };
    },
  };
}
