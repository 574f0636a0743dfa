/** `bench serving`: starts who takes part, measures what is asked for, and stops everybody. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Closer } from '../../src/closing.ts';
import { type Provenance, provenance } from '../machine.ts';
import { prepareModel } from './bundle.ts';
import { probe } from './probe.ts';
import { measureRates, type Pace, type RateRow, speaks } from './rates.ts';
import type { MethodName } from './requests.ts';
import { startNoop } from './servers/noop.ts';
import { type PeerSettings, startPeer } from './servers/peer.ts';
import {
  type BenchServer,
  isMissing,
  orMissing,
  type PeerName,
  type Provided,
  type ServerName,
} from './servers/server.ts';
import { startVigil } from './servers/vigil.ts';

/** Who takes no part in what, and why. */
export interface Missing {
  readonly server: ServerName;
  readonly method?: MethodName;
  readonly reason: string;
}

export interface ServingResult extends Provenance {
  readonly benchmark: 'serving';
  readonly threads: number;
  readonly pace: Pace;
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly RateRow[];
  readonly missing: readonly Missing[];
}

export interface ServingSettings {
  readonly servers: readonly ServerName[];
  readonly methods: readonly MethodName[];
  readonly inFlight: readonly number[];
  /** Of every engine. */
  readonly threads: number;
  readonly pace: Pace;
  /** Where peers are installed, and whether they may be. */
  readonly cache: string;
  readonly install: boolean;
  readonly command: string;
  readonly say: (line: string) => void;
}

export async function benchServing(settings: ServingSettings): Promise<ServingResult> {
  const { threads, pace, say, command } = settings;
  const began = provenance(command);
  const closer = new Closer((step, error) => say(`${step} did not end: ${(error as Error).message}`));
  try {
    const directory = await mkdtemp(join(tmpdir(), 'vigil-serving-'));
    closer.defer('directory', () => rm(directory, { recursive: true, force: true }));
    const model = await prepareModel(directory, say);
    const { cache, install } = settings;
    const peer = (name: PeerName): PeerSettings => ({
      onnx: model.onnx,
      threads,
      cache,
      install,
      log: join(directory, `${name}.log`),
      say,
    });
    const start: Record<ServerName, () => Promise<Provided>> = {
      vigil: () =>
        startVigil(model.data, join(directory, 'vigil.log'), { VIGIL_ENGINE_THREADS: String(threads) }),
      noop: () => startNoop(model.classNames),
      triton: () => startPeer('triton', peer('triton')),
      mlserver: () => startPeer('mlserver', peer('mlserver')),
      kserve: () => startPeer('kserve', peer('kserve')),
    };
    const servers: BenchServer[] = [];
    const missing: Missing[] = [];
    for (const name of settings.servers) {
      const provided = await orMissing(name, start[name]);
      if (isMissing(provided)) {
        missing.push({ server: name, reason: provided.missing });
        say(`${name} takes no part: ${provided.missing}`);
        continue;
      }
      closer.defer(name, () => provided.stop());
      servers.push(provided);
    }
    const able = await whoAnswers(servers, settings.methods, missing, say);
    const rows: RateRow[] = [];
    for (const method of settings.methods)
      rows.push(
        ...(await measureRates({
          servers: servers.filter((server) => able.has(`${server.name} ${method}`)),
          methods: [method],
          inFlight: settings.inFlight,
          pace,
          say,
        })),
      );
    const versions = Object.fromEntries(servers.map(({ name, version }) => [name, version]));
    return { benchmark: 'serving', ...began, threads, pace, versions, rows, missing };
  } finally {
    await closer.close();
  }
}

async function whoAnswers(
  servers: readonly BenchServer[],
  methods: readonly MethodName[],
  missing: Missing[],
  say: (line: string) => void,
): Promise<Set<string>> {
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
  return able;
}
