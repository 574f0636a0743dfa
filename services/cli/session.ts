/** What every command that talks to a server needs. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { VigilError } from '../../src/errors.ts';
import { createVigilClient, type VigilClient } from '../client/vigil-client.ts';

export const DEFAULT_ADDRESS = '127.0.0.1:50051';

/** The server that the program's options name. */
export interface ServerChoice {
  /** HOST:PORT, or with a scheme: https:// and grpcs:// are TLS. */
  readonly address: string;
  readonly tls?: boolean;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly token?: string;
  readonly plaintextToken?: boolean;
}

/** Options of the program, before any command. */
export interface GlobalOptions {
  readonly address: ServerChoice;
  readonly json: boolean;
}

export function addServerOptions(program: Command, address: string): Command {
  return program
    .option('--address <host:port>', 'the server, with https:// for TLS; also VIGIL_ADDRESS', address)
    .option('--tls', 'TLS with the authorities of this system')
    .option('--tls-ca <file>', 'TLS with the authorities of a PEM file')
    .option('--tls-cert <file>', 'PEM file of a client certificate')
    .option('--tls-key <file>', 'PEM file of its key')
    .option(
      '--token <token>',
      'bearer token; better VIGIL_TOKEN, which other users of this machine cannot see',
    )
    .option('--plaintext-token', 'send the token to another machine without TLS all the same');
}

export function globalsOf(command: Command): GlobalOptions {
  const { json, ...choice } = command.optsWithGlobals() as ServerChoice & { json: boolean };
  return { address: choice, json };
}

/** Runs `work` with a client that is closed afterwards. Errors: FIELD_INVALID for options that cannot be used. */
export async function withClients<T>(
  server: ServerChoice | string,
  work: (client: VigilClient) => Promise<T>,
): Promise<T> {
  const client = connect(typeof server === 'string' ? { address: server } : server);
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

function connect(choice: ServerChoice): VigilClient {
  const { tlsCa, tlsCert, tlsKey, plaintextToken } = choice;
  const [, scheme = '', address = ''] = /^(?:(https?|grpcs?):\/\/)?(.*?)\/?$/i.exec(choice.address)!;
  const secure = /^(https|grpcs)$/i.test(scheme);
  const tls = secure || [choice.tls, tlsCa, tlsCert, tlsKey].some(Boolean);
  if (tls && scheme !== '' && !secure)
    throw VigilError.field('--address', `${scheme}:// with TLS options`, 'https:// or no scheme');
  const files = Object.entries({ ca: tlsCa, cert: tlsCert, key: tlsKey }).flatMap(([name, path]) =>
    path === undefined ? [] : [[name, read(`--tls-${name}`, path)] as const],
  );
  const token = choice.token || process.env.VIGIL_TOKEN || undefined;
  return createVigilClient({
    address,
    ...(tls && { tls: files.length > 0 ? Object.fromEntries(files) : true }),
    ...(token !== undefined && { token }),
    allowPlaintextToken: plaintextToken === true,
  });
}

function read(option: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const found = `${JSON.stringify(path)}, which cannot be read (${(cause as NodeJS.ErrnoException).code})`;
    throw VigilError.field(option, found, 'the path of a PEM file');
  }
}
