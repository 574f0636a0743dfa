import type { Closer } from '../../src/closing.ts';
import type { BenchContext } from './bench-context.ts';
import { probe } from './probe.ts';
import { speaks } from './rates.ts';
import type { MethodName } from './requests.ts';
import { startNoop } from './servers/noop.ts';
import { type BenchServer, isMissing, orMissing, type Provided, type ServerName } from './servers/server.ts';

/** Who takes no part in what, and why. */
export interface Missing {
  readonly server: ServerName;
  readonly method?: MethodName;
  readonly reason: string;
}

export interface Started {
  readonly servers: readonly BenchServer[];
  readonly missing: readonly Missing[];
  /** Servers that answer the method, in order. */
  readonly answering: (method: MethodName) => BenchServer[];
}

/** Starts everybody that can be had; `closer` ends them. One that cannot is said and left out. */
export async function startServers(
  bench: BenchContext,
  names: readonly ServerName[],
  methods: readonly MethodName[],
  closer: Closer,
): Promise<Started> {
  const { say } = bench.settings;
  const servers: BenchServer[] = [];
  const missing: Missing[] = [];
  const start = (name: ServerName): Promise<Provided> => {
    if (name === 'vigil') return orMissing(name, () => bench.startVigil());
    if (name === 'noop') return orMissing(name, () => startNoop(bench.model.classNames));
    return bench.startPeer(name);
  };
  for (const name of names) {
    const provided = await start(name);
    if (isMissing(provided)) {
      missing.push({ server: name, reason: provided.missing });
      say(`${name} takes no part: ${provided.missing}`);
      continue;
    }
    closer.defer(name, () => provided.stop());
    servers.push(provided);
  }
  const able = new Set<string>();
  for (const server of servers) {
    for (const method of methods.filter((each) => speaks(server, each))) {
      const reason = await probe(server, method);
      if (reason === undefined) able.add(`${server.name} ${method}`);
      else {
        missing.push({ server: server.name, method, reason });
        say(`${server.name} does not answer ${method}: ${reason}`);
      }
    }
  }
  const answering = (method: MethodName): BenchServer[] =>
    servers.filter(({ name }) => able.has(`${name} ${method}`));
  return { servers, missing, answering };
}
