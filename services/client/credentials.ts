/** How a client reaches a server: in TLS or not, with what certificate and token. */
import { isIP } from 'node:net';
import { type ChannelCredentials, credentials, Metadata } from '@grpc/grpc-js';
import { VigilError } from '../../src/errors.ts';

/** Contents of PEM files. */
export interface ClientTls {
  /** Authorities of the server's certificate; the system's when undefined. */
  readonly ca?: Buffer | undefined;
  /** The client's own certificate and key, for mTLS: both or neither. */
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
}

export interface ClientSecurity {
  /** TLS, also without anything in it; plaintext when undefined. */
  readonly tls?: ClientTls | undefined;
  readonly token?: string | undefined;
  /** Sends the token in plaintext to other machines, where anybody on the way can read and use it. */
  readonly plaintextToken?: boolean | undefined;
}

/** What a connection to `address` needs. Errors: FIELD_INVALID; no error repeats the token. */
export function toClientCredentials(
  address: string,
  { tls, token, plaintextToken = false }: ClientSecurity,
): { channel: ChannelCredentials; metadata: () => Metadata } {
  if (token !== undefined && !/^[A-Za-z0-9\-._~+/]+=*$/.test(token))
    throw VigilError.field('token', 'characters that no token has', 'letters, digits and -._~+/');
  if (token !== undefined && !tls && !plaintextToken && !staysHere(address))
    throw VigilError.field(
      'token',
      `a token for ${address} without TLS, where others can read it`,
      'an address with https://, TLS options, or the word that it may travel in plaintext',
    );
  const metadata = (): Metadata => {
    const made = new Metadata();
    if (token !== undefined) made.set('authorization', `Bearer ${token}`);
    return made;
  };
  return { channel: tls ? toChannel(tls) : credentials.createInsecure(), metadata };
}

function toChannel({ ca, cert, key }: ClientTls): ChannelCredentials {
  if ((cert === undefined) !== (key === undefined))
    throw VigilError.field('tls', 'a certificate or a key without the other', 'both or neither');
  try {
    return credentials.createSsl(ca ?? null, key ?? null, cert ?? null);
  } catch (cause) {
    throw VigilError.field(
      'tls',
      `files that cannot be used (${(cause as Error).message})`,
      'PEM files that fit',
    );
  }
}

/** Whether what is sent to the address stays on this machine. */
function staysHere(address: string): boolean {
  if (address.startsWith('unix:')) return true;
  const host = address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
