/** TLS from PEM files that may be renewed at any time: new connections get the new pair, old ones live on. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { SecureServerOptions } from 'node:http2';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';
import { VigilError } from '../../src/errors.ts';
import type { Logger } from '../observability/logger.ts';
import type { Transport } from './transport.ts';
import { WatchedFiles } from './watched-files.ts';

/** Paths of PEM files. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** With it, clients must show a certificate that one of these authorities signed. */
  readonly ca: string | undefined;
}

/**
 * grpc-js's own FileWatcherCertificateProvider is experimental, and refuses every connection once a pair does not fit,
 * as between the writes of its two files. Here what does not fit changes nothing.
 */
class ReloadingCredentials extends ServerCredentials {
  constructor(options: SecureServerOptions, context: SecureContextOptions) {
    super(options, context);
  }

  use(context: SecureContextOptions): void {
    this.updateSecureContextOptions(context);
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

/** Errors: FIELD_INVALID for files that cannot be read or do not fit together. */
export function openTlsCredentials(
  { cert, key, ca }: TlsFiles,
  { refreshMs, handshakeMs }: { refreshMs: number; handshakeMs: number },
  log: Logger,
): Omit<Transport, 'mutual'> {
  const files = {
    VIGIL_TLS_CERT: cert,
    VIGIL_TLS_KEY: key,
    ...(ca !== undefined && { VIGIL_TLS_CLIENT_CA: ca }),
  };
  let credentials: ReloadingCredentials | undefined;
  const watched = new WatchedFiles({
    files,
    parse: ([certPem, keyPem, caPem]) => toContext(certPem!, keyPem!, caPem),
    onChange: (context) => credentials?.use(context),
    refreshMs,
    log,
  });
  const verify = ca === undefined ? {} : { requestCert: true, rejectUnauthorized: true };
  credentials = new ReloadingCredentials({ ...verify, handshakeTimeout: handshakeMs }, watched.value);
  return { credentials, refresh: () => watched.refresh(), close: () => watched.close() };
}

function toContext(cert: Buffer, key: Buffer, ca: Buffer | undefined): SecureContextOptions {
  const leaf = attempt('VIGIL_TLS_CERT', 'a PEM certificate chain', () => new X509Certificate(cert));
  const secret = attempt('VIGIL_TLS_KEY', 'a PEM private key without a passphrase', () =>
    createPrivateKey(key),
  );
  if (!leaf.checkPrivateKey(secret))
    throw VigilError.field('VIGIL_TLS_KEY', 'the key of another certificate', 'the key of VIGIL_TLS_CERT');
  const authorities =
    ca && attempt('VIGIL_TLS_CLIENT_CA', 'PEM certificates of authorities', () => readAuthorities(ca));
  const context: SecureContextOptions = {
    cert,
    key,
    minVersion: 'TLSv1.2',
    ...(authorities && { ca: authorities }),
  };
  // What only OpenSSL finds, such as a broken chain or a key that is too short, shows here and not at the first client.
  attempt('VIGIL_TLS_CERT', 'a chain and a key that can serve TLS', () => createSecureContext(context));
  return context;
}

/**
 * One PEM text for each certificate. OpenSSL reads a file of them up to the first that it does not understand, such as
 * one that begins on the line on which the last ended, and trusts fewer without a word.
 */
function readAuthorities(ca: Buffer): string[] {
  const text = ca.toString('latin1');
  const blocks = text.match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs) ?? [];
  const begun = text.split('-----BEGIN CERTIFICATE-----').length - 1;
  if (blocks.length === 0 || blocks.length !== begun)
    throw new Error(`${begun} certificates begin and ${blocks.length} are whole`);
  for (const block of blocks) new X509Certificate(block);
  return blocks;
}

function attempt<T>(setting: string, allowed: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const { message, code } = cause as NodeJS.ErrnoException;
    throw VigilError.field(setting, `a file that cannot be used (${code ?? message})`, allowed);
  }
}
