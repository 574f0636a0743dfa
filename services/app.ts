/** The composition root: makes every part of a server, and closes them in the one right order. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Closer } from '../src/closing.ts';
import { VigilError } from '../src/errors.ts';
import { Registry } from '../src/registry/registry.ts';
import type { VersionRecord } from '../src/registry/version.ts';
import { createClassifyBatcher } from './classify/batching.ts';
import { OpenStreams } from './classify/open-streams.ts';
import { type Config, splitAddress } from './config.ts';
import { resolveDataset } from './datasets/resolve.ts';
import { type Engines, openEngines, reportEngines } from './engines.ts';
import { startGrpcServer } from './grpc-server.ts';
import { HealthBoard } from './health.ts';
import { startOpsServer } from './http.ts';
import { AliasMover } from './models/alias-mover.ts';
import { ModelCounters } from './models/counters.ts';
import { DriftObserver } from './models/drift-observer.ts';
import { PromotionGate } from './models/gate.ts';
import { ModelResidency } from './models/residency.ts';
import { type Route, Router } from './models/router.ts';
import { type Answered, Shadow } from './models/shadow.ts';
import { publishTraffic } from './models/traffic-gauge.ts';
import { TrafficSetter } from './models/traffic-setter.ts';
import { VersionRemover } from './models/version-remover.ts';
import { mountServices } from './mount-services.ts';
import type { Logger } from './observability/logger.ts';
import { createMetrics } from './observability/metrics.ts';
import { startTracing } from './observability/tracing.ts';
import { projectVersion } from './project.ts';
import { ConnectionGuard } from './security/connection-guard.ts';
import { openAccess } from './security/open-access.ts';
import { openTransport } from './security/transport.ts';
import { openDataDirectory } from './storage/data-directory.ts';
import { openSqlite } from './storage/sqlite.ts';
import { promoterOf } from './train/promotion.ts';
import { TrainingSupervisor } from './train/supervisor.ts';

/** A running server. */
export interface App {
  readonly grpcPort: number;
  readonly httpPort: number;
  /** For example "onnxruntime". */
  readonly engine: string;
  /** Stops in order; accepted calls finish. Once. */
  close(): Promise<void>;
  /** Makes a close that is under way stop waiting. */
  force(): void;
}

/**
 * Starts everything, or nothing: what was opened is closed when a later part fails. `open` gives the engines; a
 * benchmark of the gateway alone has its own.
 */
export async function startApp(config: Config, log: Logger, open = openEngines): Promise<App> {
  const closer = new Closer((step, error) => log.error({ step, err: error }, 'a part did not close'));
  try {
    return await compose(config, log, closer, open);
  } catch (error) {
    await closer.close();
    throw error;
  }
}

async function compose(config: Config, log: Logger, closer: Closer, open: typeof openEngines): Promise<App> {
  const now = Date.now;
  const codeVersion = projectVersion();
  const stopping = new AbortController();
  const forced = new AbortController();
  const close = (step: string, work: () => Promise<unknown> | undefined): void =>
    closer.defer(step, async () => {
      log.info({ step }, 'stopping');
      await Promise.race([work(), aborted(forced.signal)]);
    });

  const transport = openTransport(config, log);
  closer.defer('certificates', async () => transport.close());

  const health = new HealthBoard();
  const metrics = createMetrics();
  const { instruments } = metrics;
  // Known later; until then nothing is ready.
  let engines: Engines | undefined;
  const ops = splitAddress(config.VIGIL_HTTP_ADDRESS);
  const http = await startOpsServer(ops.host, ops.port, {
    metrics: () => metrics.expose(),
    health: () => health.entries(),
    engines: () => (engines ? reportEngines(engines) : []),
  }).catch((cause: Error) => {
    const found = `${config.VIGIL_HTTP_ADDRESS}, which cannot be bound (${cause.message})`;
    throw VigilError.field('VIGIL_HTTP_ADDRESS', found, 'an address of this machine that is free');
  });
  close('http', () => http.close());

  const { tracer, ...tracing } = startTracing({
    endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
    service: config.OTEL_SERVICE_NAME,
    version: codeVersion,
  });
  close('telemetry', () => tracing.close());

  const data = openDataDirectory(config.VIGIL_DATA_DIR);
  const store = openSqlite(data.root);
  close('storage', () => store.close());

  const ticks = (): number => performance.now();
  const connections = {
    connections: config.VIGIL_MAX_CONNECTIONS,
    perAddress: config.VIGIL_MAX_CONNECTIONS_PER_ADDRESS,
    handshakeMs: config.VIGIL_HANDSHAKE_LIMIT_MS,
  };
  const refused = (reason: string): void => instruments.connectionsRefused.inc({ reason });
  const guard = new ConnectionGuard(connections, refused, ticks);
  const subject = transport.mutual ? (peer: string) => guard.subject(peer) : undefined;
  const { access, ...credentials } = openAccess(config, { subject, store, log, now, ticks });
  closer.defer('credentials', async () => credentials.close());

  engines = await open(config, close, log, instruments);
  const { serving, training } = engines;
  const registry = new Registry(await store.versions(), await store.aliases(), await store.traffic());
  const residency = new ModelResidency({
    registry,
    engine: serving,
    health,
    instruments,
    log,
    maxResident: config.VIGIL_MAX_RESIDENT_MODELS,
    memoryBytes: config.VIGIL_MODEL_MEMORY_BYTES,
    engineWaitMs: config.VIGIL_ENGINE_WAIT_MS,
  });
  close('residency', async () => residency.close());

  const findDataset = (name: string) => resolveDataset(store, data, name);
  const adopt = async (version: VersionRecord, alias: string): Promise<void> => {
    registry.add(version);
    const began = performance.now();
    // A version that cannot be loaded leaves the alias where it serves; residency has logged why.
    await residency.prepare(version).then(
      async ({ release }) => {
        // Somebody may have moved the alias on while the version was loaded.
        const current = (await store.aliases()).get(alias) === version.version;
        if (current) residency.point(alias, version.version, (performance.now() - began) / 1000);
        release();
      },
      () => {},
    );
  };
  const gate = new PromotionGate({ store, registry, engine: training, resolveDataset: findDataset });
  const mover = new AliasMover({ store, gate, residency, log, now });
  const traffic = new TrafficSetter({ store, registry, residency, log, now });
  const remover = new VersionRemover({ store, registry, residency, log, now });
  await remover.sweep();
  const supervisor = await TrainingSupervisor.open({
    store,
    engine: training,
    data,
    resolveDataset: findDataset,
    onVersion: adopt,
    promote: promoterOf(registry, mover),
    instruments,
    log,
    codeVersion,
    now,
  });
  metrics.onCollect(() => supervisor.collect());
  // Longer than a step of any model we know; after it the run goes on from its last checkpoint anyway.
  close('runs', () =>
    Promise.race([supervisor.close(), sleep(config.VIGIL_DRAIN_LIMIT_MS, undefined, { ref: false })]),
  );

  const counters = new ModelCounters(now);
  const batcher = createClassifyBatcher({
    engine: serving,
    counters,
    residency,
    instruments,
    tracer,
    maxBatchRows: config.VIGIL_MAX_BATCH_ROWS,
    maxPendingRows: config.VIGIL_MAX_PENDING_ROWS,
    maxQueueMs: config.VIGIL_MAX_QUEUE_MS,
    maxInFlight: config.VIGIL_ENGINE_PIPELINE,
  });
  const router = new Router(registry, residency);
  const pendingRows = (): number => batcher.pendingRows;
  const shadow = new Shadow({ registry, residency, engine: serving, instruments, log, pendingRows });
  const drift = new DriftObserver({ registry, instruments, windowRows: config.VIGIL_DRIFT_WINDOW_ROWS });
  metrics.onCollect(() => drift.collect());
  metrics.onCollect(() => publishTraffic(registry, instruments));
  const onAnswered = (route: Route, version: VersionRecord, answered: Answered): void => {
    drift.seen(route, version, answered);
    shadow.offer(route, version, answered);
  };
  const streams = new OpenStreams(config.VIGIL_MAX_STREAMS, stopping.signal, (open) =>
    instruments.streamsOpen.set(open),
  );
  const services = mountServices(config, {
    now,
    codeVersion,
    stopping: stopping.signal,
    instruments,
    tracer,
    health,
    data,
    store,
    resolveDataset: findDataset,
    registry,
    residency,
    router,
    counters,
    batcher,
    streams,
    onAnswered,
    engine: serving,
    supervisor,
    mover,
    traffic,
    remover,
  });
  const onCall = (method: string, code: string, seconds: number): void =>
    instruments.rpcDuration.observe({ rpc_method: method, rpc_status_code: code }, seconds);
  const options = { log, tracer, onCall, forced: forced.signal, access };
  const grpc = await startGrpcServer(config, services, options, transport, guard);
  // `forced` cuts the calls; the server still says when they are gone.
  closer.defer('calls', async () => {
    log.info({ step: 'calls' }, 'stopping');
    await grpc.stop(config.VIGIL_DRAIN_LIMIT_MS, forced.signal);
  });
  close('batches', () => batcher.drain());
  close('streams', async () => stopping.abort());
  close('notice', () => sleep(config.VIGIL_SHUTDOWN_NOTICE_MS));
  close('readiness', async () => health.stop());

  await residency.open();
  const { engine, device } = serving.info ?? { engine: config.VIGIL_ENGINE, device: '' };
  const ports = { grpc: grpc.port, http: http.port };
  log.info({ ...ports, engine, device, version: codeVersion, data: data.root }, 'serving');
  return {
    grpcPort: grpc.port,
    httpPort: http.port,
    engine,
    close: () => closer.close(),
    force: () => forced.abort(new VigilError('SHUTTING_DOWN', 'the server is shutting down')),
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
