/** What every command that talks to a server needs. */
import type { Command } from 'commander';
import { Connection } from '../client/client.ts';
import { type Clients, clientsOf } from '../client/clients.ts';

export const DEFAULT_ADDRESS = '127.0.0.1:50051';

/** Options of the program, before any command. */
export interface GlobalOptions {
  readonly address: string;
  readonly json: boolean;
}

export const globalsOf = (command: Command): GlobalOptions => command.optsWithGlobals() as GlobalOptions;

/** Runs `work` on a connection that is closed afterwards. */
export async function withClients<T>(address: string, work: (clients: Clients) => Promise<T>): Promise<T> {
  const connection = new Connection(address);
  try {
    return await work(clientsOf(connection));
  } finally {
    connection.close();
  }
}
