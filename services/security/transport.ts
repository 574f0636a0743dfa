/** What the gRPC port speaks: TLS from files, or plaintext where nobody else can listen in or somebody asked for it. */
import { isIP } from 'node:net';
import { ServerCredentials } from '@grpc/grpc-js';
import { VigilError } from '../../src/errors.ts';
import { type Config, splitAddress } from '../config.ts';
import type { Logger } from '../observability/logger.ts';
import { openTlsCredentials } from './tls-credentials.ts';

export interface Transport {
  readonly credentials: ServerCredentials;
  /** Whether clients must show a certificate. */
  readonly mutual: boolean;
  /** Looks at the files now instead of a little later. */
  refresh(): Promise<void>;
  close(): void;
}

export type TransportSettings = Pick<
  Config,
  | 'VIGIL_GRPC_ADDRESS'
  | 'VIGIL_TLS_CERT'
  | 'VIGIL_TLS_KEY'
  | 'VIGIL_TLS_CLIENT_CA'
  | 'VIGIL_PLAINTEXT'
  | 'VIGIL_CREDENTIALS_REFRESH_MS'
  | 'VIGIL_HANDSHAKE_LIMIT_MS'
>;

/** Errors: FIELD_INVALID for files that are missing or do not fit, and for plaintext that nobody asked for. */
export function openTransport(config: TransportSettings, log: Logger): Transport {
  const { VIGIL_TLS_CERT: cert, VIGIL_TLS_KEY: key, VIGIL_TLS_CLIENT_CA: ca } = config;
  if (cert !== undefined && key !== undefined) {
    const limits = {
      refreshMs: config.VIGIL_CREDENTIALS_REFRESH_MS,
      handshakeMs: config.VIGIL_HANDSHAKE_LIMIT_MS,
    };
    return { ...openTlsCredentials({ cert, key, ca }, limits, log), mutual: ca !== undefined };
  }
  if (cert !== undefined || key !== undefined || ca !== undefined) {
    const missing = cert === undefined ? 'VIGIL_TLS_CERT' : 'VIGIL_TLS_KEY';
    throw VigilError.field(missing, 'nothing', 'a PEM file: VIGIL_TLS_CERT and VIGIL_TLS_KEY come together');
  }
  const address = config.VIGIL_GRPC_ADDRESS;
  if (!isLoopback(splitAddress(address).host)) {
    if (config.VIGIL_PLAINTEXT !== 'allow')
      throw VigilError.field(
        'VIGIL_GRPC_ADDRESS',
        `${address} without TLS, which others can read and change`,
        'VIGIL_TLS_CERT and VIGIL_TLS_KEY beside it, a loopback address, or VIGIL_PLAINTEXT=allow',
      );
    log.warn({ address }, 'calls and credentials travel in plaintext, as VIGIL_PLAINTEXT=allow asks for');
  }
  return {
    credentials: ServerCredentials.createInsecure(),
    mutual: false,
    refresh: async () => {},
    close: () => {},
  };
}

/** Whether only this machine reaches the host. Names other than localhost are not looked up: they may change. */
export function isLoopback(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith('127.');
  return host === 'localhost' || host === '::1' || /^::ffff:127\./i.test(host);
}
