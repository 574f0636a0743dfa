/** Who the server is, and who we are: plaintext or TLS, a client certificate, a bearer token. */
import { type CallCredentials, type ChannelCredentials, credentials, Metadata } from '@grpc/grpc-js';
import { VigilError } from '../../src/errors.ts';

type Pem = string | Uint8Array;

export interface TlsOptions {
  /** PEM of the authorities that the server's certificate is checked with; the system's by default. */
  readonly ca?: Pem;
  /** PEM of a client certificate, where the server wants one; with `key`. */
  readonly cert?: Pem;
  readonly key?: Pem;
  /** The name in the server's certificate, where it is not the address's. */
  readonly serverName?: string;
}

/** A token, or what gives one for each call. */
export type TokenSource = string | (() => string | Promise<string>);

export interface CredentialOptions {
  /** TLS with the system's authorities, or with what is given; plaintext when absent. */
  readonly tls?: true | TlsOptions;
  /** Sent as `authorization: Bearer ...` with every call. */
  readonly token?: TokenSource;
  /** Send the token without TLS to another machine too: anybody on the way can read it. */
  readonly allowPlaintextToken?: boolean;
}

const toBuffer = (pem: Pem | undefined): Buffer | null => (pem === undefined ? null : Buffer.from(pem));

/** The channel's credentials. FIELD_INVALID for half a pair, or files that are none. */
export function toChannelCredentials({ tls }: CredentialOptions): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  const { ca, cert, key } = tls === true ? ({} as TlsOptions) : tls;
  if ((cert === undefined) !== (key === undefined))
    throw VigilError.field(
      'tls',
      cert ? 'a cert without its key' : 'a key without its cert',
      'both or neither',
    );
  try {
    return credentials.createSsl(toBuffer(ca), toBuffer(key), toBuffer(cert));
  } catch (cause) {
    const found = `files that cannot be used (${(cause as Error).message})`;
    throw VigilError.field('tls', found, 'PEM files that fit');
  }
}

/** What each call carries; undefined without a token. FIELD_INVALID for a token that would travel in the open. */
export function toCallCredentials(
  address: string,
  { tls, token, allowPlaintextToken = false }: CredentialOptions,
): CallCredentials | undefined {
  if (token === undefined) return undefined;
  // RFC 6750, 2.1. No error repeats the token.
  if (typeof token === 'string' && !/^[A-Za-z0-9\-._~+/]+=*$/.test(token))
    throw VigilError.field('token', 'characters that no token has', 'letters, digits and -._~+/');
  if (tls === undefined && !allowPlaintextToken && !isLoopback(address))
    throw VigilError.field(
      'token',
      `no TLS on the way to ${address}`,
      'a token with tls, to this machine, or with allowPlaintextToken',
    );
  return credentials.createFromMetadataGenerator((_, done) => {
    Promise.resolve()
      .then(() => (typeof token === 'string' ? token : token()))
      .then(
        (text) => {
          const metadata = new Metadata();
          metadata.set('authorization', `Bearer ${text}`);
          done(null, metadata);
        },
        (error: Error) => done(error),
      );
  });
}

/** Whether every address of a gRPC target is this machine's own. */
export function isLoopback(target: string): boolean {
  if (/^unix(-abstract)?:/.test(target)) return true;
  const addresses = target.replace(/^(dns|ipv4|ipv6):(\/\/[^/]*\/|\/{0,2})/, '').split(',');
  return addresses.every((address) => /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)(:\d+)?$/.test(address));
}
