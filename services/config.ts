/** The configuration of the server: the only reader of the environment. docs/configuration.md lists it. */
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { VigilError } from '../src/errors.ts';
import { SECURITY_SETTINGS } from './security/settings.ts';
import { count } from './setting-types.ts';

const address = z
  .string()
  .regex(
    /^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/,
    'allowed: HOST:PORT, such as 127.0.0.1:50051 or [::1]:50051',
  )
  .refine(
    (value) => Number(value.slice(value.lastIndexOf(':') + 1)) <= 65_535,
    'allowed: a port from 0 to 65535',
  );
const MIB = 2 ** 20;

const schema = z.object({
  VIGIL_GRPC_ADDRESS: address.default('127.0.0.1:50051').describe('Address of the gRPC server.'),
  VIGIL_HTTP_ADDRESS: address.default('127.0.0.1:9464').describe('Address of /metrics, /livez and /readyz.'),
  VIGIL_DATA_DIR: z.string().min(1).default('.vigil').describe('Directory of runs, models and datasets.'),
  VIGIL_ENGINE: z
    .enum(['auto', 'onnxruntime', 'tensorflow', 'reference'])
    .default('auto')
    .describe('Tensor engine. One asked for by name that cannot run fails the start.'),
  VIGIL_ENGINE_DEVICE: z
    .enum(['auto', 'cpu', 'gpu'])
    .default('auto')
    .describe('What engines compute on. gpu where there is none that an engine can use fails the start.'),
  VIGIL_ENGINE_TRAINER: z
    .enum(['auto', 'shared', 'separate'])
    .default('auto')
    .describe('Whether trainings share the serving engine process. auto: separate on a CPU.'),
  VIGIL_ENGINE_THREADS: count(1, 256)
    .default(Math.min(8, availableParallelism()))
    .describe(
      'Threads of an engine process; of a serving one on the CPU, batches side by side. Default: cores, at most 8.',
    ),
  VIGIL_ENGINE_PIPELINE: count(1, 4)
    .default(4)
    .describe('Batches that the serving engine may have at once; each instance two, unless this is 1.'),
  VIGIL_ENGINE_WAIT_MS: count(0, 600_000)
    .default(10_000)
    .describe('Milliseconds that rows wait for an engine process that is away.'),
  VIGIL_ENGINE_SILENT_MS: count(100, 3_600_000)
    .default(30_000)
    .describe('An engine process that answers no heartbeat for so many milliseconds is replaced.'),
  VIGIL_ENGINE_STALL_MS: count(100, 3_600_000)
    .default(10_000)
    .describe(
      'A serving engine that answers no batch for so many milliseconds while it has one is replaced.',
    ),
  VIGIL_ENGINE_MAX_MEMORY_BYTES: count(0, 1024 * 1024 * MIB)
    .default(0)
    .describe('Resident bytes beyond which an engine process is replaced, between batches; 0 for no limit.'),
  VIGIL_GRAPH_CACHE_DIR: z
    .string()
    .min(1)
    .optional()
    .describe('Directory of compiled graphs. Default: cache/graphs in the data directory.'),
  VIGIL_GRAPH_CACHE_BYTES: count(0, 1024 * 1024 * MIB)
    .default(256 * MIB)
    .describe('Most bytes of compiled graphs that are kept; 0 turns the cache off.'),
  VIGIL_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('Least severe log line that is written.'),
  VIGIL_SHUTDOWN_NOTICE_MS: count(0, 60_000)
    .default(0)
    .describe(
      'Milliseconds between NOT_SERVING and the first refused call, so that load balancers look away.',
    ),
  VIGIL_DRAIN_LIMIT_MS: count(0, 600_000)
    .default(10_000)
    .describe('Milliseconds that accepted calls get to finish when the server stops.'),
  VIGIL_MAX_MESSAGE_BYTES: count(1024, 256 * MIB)
    .default(16 * MIB)
    .describe('Largest gRPC message accepted.'),
  VIGIL_MAX_ROWS_PER_CALL: count(1, 1_000_000).default(4096).describe('Most rows in one Classify call.'),
  VIGIL_MAX_SYNTHETIC_ROWS: count(1, 100_000_000)
    .default(10_000_000)
    .describe('Most rows that one Synthesize call may ask for, all classes together.'),
  VIGIL_MAX_BATCH_ROWS: count(1, 4096).default(64).describe('Most rows in one run of the classifier.'),
  VIGIL_MAX_PENDING_ROWS: count(1, 1_000_000).default(4096).describe('Most rows that wait for the engine.'),
  VIGIL_MAX_STREAMS: count(1, 1_000_000)
    .default(10_000)
    .describe('Most ClassifyStream calls that are open at once.'),
  VIGIL_MAX_QUEUE_MS: count(0, 3_600_000)
    .default(200)
    .describe('Longest predicted wait for the engine, in milliseconds; 0 for no limit.'),
  VIGIL_MAX_QUEUED_RUNS: count(1, 10_000).default(64).describe('Most training runs that wait.'),
  VIGIL_MAX_RESIDENT_MODELS: count(1, 1000)
    .default(4)
    .describe('Most model versions in memory; what aliases, canaries and shadows name always is.'),
  VIGIL_MODEL_MEMORY_BYTES: count(1, 1024 * 1024 * MIB)
    .default(1024 * MIB)
    .describe(
      'Most bytes of weights in memory; what aliases, canaries and shadows name is loaded all the same.',
    ),
  VIGIL_DRIFT_WINDOW_ROWS: z
    .union([z.literal('0').transform(() => 0), count(100, 10_000_000)], {
      error: 'allowed: 0, or an integer from 100 to 10000000',
    })
    .default(2000)
    .describe('Latest rows of an alias that are compared with its training rows, about; 0 turns it off.'),
  VIGIL_MAX_DATASET_BYTES: count(1024, 4096 * MIB)
    .default(256 * MIB)
    .describe('Largest dataset file, and what it may unpack to.'),
  VIGIL_MAX_CONNECTION_AGE_MS: count(1000, 86_400_000)
    .default(1_800_000)
    .describe('Age at which connections are asked to reconnect, so that clients find new replicas.'),
  ...SECURITY_SETTINGS,
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional().describe('OTLP/HTTP collector. Traces are off without it.'),
  OTEL_SERVICE_NAME: z.string().min(1).default('vigil').describe('Name of this service in traces.'),
});

/** Every setting, under its environment variable's name; frozen. */
export type Config = Readonly<z.output<typeof schema>>;

/** Parses the environment; unset and empty variables take their defaults. All problems are reported at once. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const known = Object.keys(schema.shape);
  const unknown = Object.keys(environment).filter(
    (name) => name.startsWith('VIGIL_') && !known.includes(name) && !CLIENT_VARIABLES.includes(name),
  );
  const given = Object.fromEntries(
    known.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])),
  );
  const result = schema.safeParse(given);
  const fields = [
    ...unknown.map((field) => ({ field, description: 'no such setting; docs/configuration.md lists them' })),
    ...(result.error?.issues ?? []).map(({ path, message }) => ({
      field: path.join('.'),
      description: `found ${JSON.stringify(given[path.join('.')])}; ${message}`,
    })),
  ];
  if (fields.length > 0 || !result.success) {
    const message = fields.map(({ field, description }) => `${field}: ${description}`).join('; ');
    throw new VigilError('FIELD_INVALID', message, { fields });
  }
  return Object.freeze(result.data);
}

/** Read by the command line, not by the server. */
const CLIENT_VARIABLES = ['VIGIL_ADDRESS', 'VIGIL_TOKEN', 'VIGIL_DEBUG', 'VIGIL_ENGINE_PROCESS'];

/** Name, default and meaning of every setting: what docs/configuration.md says. */
export function describeSettings(): { name: string; default: string; description: string }[] {
  const defaults = schema.parse({});
  return Object.entries(schema.shape).map(([name, setting]) => ({
    name,
    default: String(defaults[name as keyof Config] ?? ''),
    description: setting.description ?? '',
  }));
}

/** Where engine processes keep compiled graphs. */
export function graphCacheOf(config: GraphCacheConfig): { directory: string; maxBytes: number } {
  const directory = config.VIGIL_GRAPH_CACHE_DIR ?? join(config.VIGIL_DATA_DIR, 'cache', 'graphs');
  return { directory: resolve(directory), maxBytes: config.VIGIL_GRAPH_CACHE_BYTES };
}

type GraphCacheConfig = Pick<Config, 'VIGIL_DATA_DIR' | 'VIGIL_GRAPH_CACHE_DIR' | 'VIGIL_GRAPH_CACHE_BYTES'>;

/** Host and port of an address. */
export function splitAddress(value: string): { host: string; port: number } {
  const colon = value.lastIndexOf(':');
  return { host: value.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(value.slice(colon + 1)) };
}
