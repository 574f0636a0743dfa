/** The ops port: /metrics, /livez, /readyz. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface OpsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** One engine process: what was chosen, and what was refused and why. */
export interface EngineReport {
  readonly role: string;
  readonly engine: string;
  readonly device: string;
  readonly version: string;
  readonly refused: readonly { readonly engine: string; readonly reason: string }[];
}

export interface OpsRoutes {
  metrics(): Promise<{ body: string; contentType: string }>;
  /** The engine processes that are up, for whoever reads /readyz. */
  engines(): readonly EngineReport[];
  /** Name → whether it serves; the server is ready when `""` is. */
  health(): ReadonlyMap<string, boolean>;
}

/** Listens; rejects when the address is taken. */
export async function startOpsServer(host: string, port: number, routes: OpsRoutes): Promise<OpsServer> {
  const server: Server = createServer((request, response) => {
    const send = (code: number, type: string, body: string): void => {
      response.writeHead(code, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
    };
    const json = (code: number, body: unknown): void =>
      send(code, 'application/json', `${JSON.stringify(body)}\n`);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      json(405, { error: `method ${request.method}; allowed: GET` });
      return;
    }
    // A path, with or without a query: what else stands in a request line ("//", "*") is found nowhere.
    switch (request.url?.split('?', 1)[0]) {
      case '/metrics':
        routes.metrics().then(
          ({ body, contentType }) => send(200, contentType, body),
          () => json(500, { error: 'metrics could not be collected' }),
        );
        return;
      case '/livez':
        json(200, { live: true });
        return;
      case '/readyz': {
        const health = routes.health();
        const ready = health.get('') === true;
        const checks = Object.fromEntries([...health].filter(([name]) => name !== ''));
        json(ready ? 200 : 503, { ready, checks, engines: routes.engines() });
        return;
      }
      default:
        json(404, { error: 'not found; there are /metrics, /livez and /readyz' });
    }
  });
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
