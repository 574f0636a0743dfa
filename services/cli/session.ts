/** What every command that talks to a server needs. */
import type { Command } from 'commander';
import { createVigilClient, type VigilClient } from '../client/vigil-client.ts';

export const DEFAULT_ADDRESS = '127.0.0.1:50051';

/** Options of the program, before any command. */
export interface GlobalOptions {
  readonly address: string;
  readonly json: boolean;
}

export const globalsOf = (command: Command): GlobalOptions => command.optsWithGlobals() as GlobalOptions;

/** Runs `work` with a client that is closed afterwards. */
export async function withClients<T>(address: string, work: (client: VigilClient) => Promise<T>): Promise<T> {
  const client = createVigilClient({ address });
  try {
    return await work(client);
  } finally {
    client.close();
  }
}
