/** What every scenario is given: the model, the pace, and servers that end with it. */
import { join } from 'node:path';
import { type BareEngine, openBareEngine } from './bare/bare-engine.ts';
import type { ServedModel } from './bundle.ts';
import type { ClosedLoop, LoadPlan, OpenLoop } from './load/plan.ts';
import type { Pace } from './pace.ts';
import { probe } from './probe.ts';
import { METHODS, type MethodName, requestOf } from './requests.ts';
import { startNoop } from './servers/noop.ts';
import { type PeerSettings, startPeer } from './servers/peer.ts';
import { type BenchServer, orMissing, type PeerName, type Provided } from './servers/server.ts';
import { startStub } from './servers/stub.ts';
import { startVigil, type VigilServer } from './servers/vigil.ts';

export interface BenchSettings {
  /** Threads of every engine. */
  readonly threads: number;
  readonly pace: Pace;
  /** What scenarios call. */
  readonly method: MethodName;
  readonly peers: readonly PeerName[];
  readonly peerPlace: Pick<PeerSettings, 'cache' | 'install'>;
  /** Calls of the scenario that watches memory. */
  readonly memoryCalls: number;
  readonly say: (line: string) => void;
}

export class BenchContext {
  readonly settings: BenchSettings;
  readonly model: ServedModel;
  readonly #directory: string;
  #logs = 0;

  constructor(settings: BenchSettings, model: ServedModel, directory: string) {
    this.settings = settings;
    this.model = model;
    this.#directory = directory;
  }

  /** A server on the data directory, which it has to itself. The caller stops it. */
  startVigil(settings: Readonly<Record<string, string>> = {}): Promise<VigilServer> {
    const threads = { VIGIL_ENGINE_THREADS: String(this.settings.threads) };
    return startVigil(this.model.data, this.#log('vigil'), { ...threads, ...settings });
  }

  /** Runs `work` with a fresh server; one at a time, for they share the data directory. */
  async withVigil<T>(
    work: (server: VigilServer) => Promise<T>,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<T> {
    const server = await this.startVigil(settings);
    return during(server, this.#answering(work), () => server.stop());
  }

  async withStub<T>(work: (server: BenchServer) => Promise<T>): Promise<T> {
    const server = await startStub(this.model.data);
    return during(server, this.#answering(work), () => server.stop());
  }

  async withNoop<T>(work: (server: BenchServer) => Promise<T>): Promise<T> {
    const server = await startNoop(this.model.classNames);
    return during(server, work, () => server.stop());
  }

  async withBareEngine<T>(threads: number, work: (engine: BareEngine) => Promise<T>): Promise<T> {
    const engine = await openBareEngine(this.model.bundle, threads);
    return during(engine, work, () => engine.close());
  }

  /** The caller stops it. */
  startPeer(name: PeerName): Promise<Provided> {
    const { peerPlace, threads, say } = this.settings;
    const { onnx } = this.model;
    return orMissing(name, () => startPeer(name, { ...peerPlace, onnx, threads, say, log: this.#log(name) }));
  }

  /** A plan at this benchmark's pace. */
  plan(server: BenchServer, loop: ClosedLoop | OpenLoop, method = this.settings.method): LoadPlan {
    const { warmUpMs, measureMs } = this.settings.pace;
    return {
      address: server.address,
      path: METHODS[method],
      message: requestOf(method, server.infer),
      loop,
      connections: 1,
      warmUpMs,
      measureMs,
    };
  }

  /** A place for a file that ends with the benchmark. */
  file(name: string): string {
    return join(this.#directory, name);
  }

  /** A server that does not know the method is an error, not a row of zeros. */
  #answering<S extends BenchServer, T>(work: (server: S) => Promise<T>): (server: S) => Promise<T> {
    const { method } = this.settings;
    return async (server) => {
      const reason = await probe(server, method);
      if (reason !== undefined) throw new Error(`${server.version} does not answer ${method}: ${reason}`);
      return work(server);
    };
  }

  #log(name: string): string {
    this.#logs += 1;
    return this.file(`${name}-${this.#logs}.log`);
  }
}

async function during<R, T>(
  resource: R,
  work: (resource: R) => Promise<T>,
  end: () => Promise<void>,
): Promise<T> {
  try {
    return await work(resource);
  } finally {
    await end();
  }
}
