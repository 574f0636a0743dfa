/** The gRPC server as it is, with health and reflection and no engine: for what happens before any handler. */
import { createAuditHandlers } from '../../services/audit/handlers.ts';
import { readConfig } from '../../services/config.ts';
import { Health } from '../../services/gen/grpc/health/v1/health_pb.ts';
import { AuditService } from '../../services/gen/vigil/v1/audit_pb.ts';
import { type Mounted, mounted, startGrpcServer } from '../../services/grpc-server.ts';
import { createHealthService, HealthBoard } from '../../services/health.ts';
import { createLogger } from '../../services/observability/logger.ts';
import { ConnectionGuard } from '../../services/security/connection-guard.ts';
import { openAccess } from '../../services/security/open-access.ts';
import { openTransport } from '../../services/security/transport.ts';
import type { AuditRecord } from '../../services/storage/store.ts';

export interface BareServer {
  readonly port: number;
  readonly refusals: string[];
  readonly statuses: string[];
  readonly board: HealthBoard;
  /** The certificate files were looked at after this was asked for. */
  refreshed(): Promise<void>;
  stop(): Promise<void>;
}

/** `settings` are environment variables; without `own` it serves health and the audit log. */
export async function startBareServer(
  settings: Record<string, string> = {},
  own?: readonly Mounted[],
): Promise<BareServer> {
  const config = readConfig({ VIGIL_GRPC_ADDRESS: '127.0.0.1:0', ...settings });
  const log = createLogger(process.env.VIGIL_TEST_LOG ?? 'silent');
  const refusals: string[] = [];
  const statuses: string[] = [];
  const stopping = new AbortController();
  const board = new HealthBoard();
  const ticks = (): number => performance.now();
  const transport = openTransport(config, log);
  const guard = new ConnectionGuard(
    {
      connections: config.VIGIL_MAX_CONNECTIONS,
      perAddress: config.VIGIL_MAX_CONNECTIONS_PER_ADDRESS,
      handshakeMs: config.VIGIL_HANDSHAKE_LIMIT_MS,
    },
    (reason) => refusals.push(reason),
    ticks,
  );
  const store = { audit: async (_: AuditRecord) => {}, auditEntries: async () => [] };
  const subject = transport.mutual ? (peer: string) => guard.subject(peer) : undefined;
  const { access, close } = openAccess(config, { subject, store, log, now: Date.now, ticks });
  const options = {
    log,
    access,
    tracer: undefined,
    onCall: (_: string, code: string) => void statuses.push(code),
    forced: stopping.signal,
  };
  const services = own ?? [
    mounted(AuditService, createAuditHandlers(store)),
    mounted(Health, createHealthService(board, stopping.signal)),
  ];
  const server = await startGrpcServer(config, services, options, transport, guard);
  return {
    port: server.port,
    refusals,
    statuses,
    board,
    refreshed: async () => {
      // One that was under way may have read before.
      await transport.refresh();
      await transport.refresh();
    },
    stop: async () => {
      stopping.abort();
      await server.stop(0, stopping.signal);
      transport.close();
      close();
    },
  };
}
