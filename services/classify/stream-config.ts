/** A stream's configuration: checked against the model, defaults filled in. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Duration } from '@bufbuild/protobuf/wkt';
import { VigilError } from '../../src/errors.ts';
import type { BundleManifest } from '../../src/registry/manifest.ts';
import { STABLE } from '../../src/registry/registry.ts';
import type { TrackerSettings } from '../../src/streaming/hop-tracker.ts';
import type { LevelRule } from '../../src/streaming/levels.ts';
import { checkTimes, type StreamSettings } from '../../src/streaming/stream-settings.ts';
import {
  Backlog,
  type Level,
  Resampling,
  type StreamConfig,
  type StreamConfigSchema,
} from '../gen/vigil/v1/classify_stream_pb.ts';

/** A stream, as the domain knows it. */
export interface StreamPlan {
  /** Version or alias. */
  readonly model: string;
  readonly settings: StreamSettings;
  readonly tracker: TrackerSettings;
  /** Names by level, the lowest first; empty when no levels are told. */
  readonly levelNames: readonly string[];
  /** Whether every window is answered, however long it takes. */
  readonly waits: boolean;
}

const DEFAULT_HALF_LIFE_HOPS = 3;
const MOST_HALF_LIFE_HOPS = 1000;
const DEFAULT_LOWEST_LEVEL = 'normal';
const MOST_LEVELS = 8;

/** Checks everything that a caller can get wrong; FIELD_INVALID or CLASS_UNKNOWN names the field. */
export function toStreamPlan(config: StreamConfig, manifest: BundleManifest): StreamPlan {
  const times = checkTimes(
    {
      windowUs: toMicroseconds(config.window),
      hopUs: toMicroseconds(config.hop),
      latenessUs: toMicroseconds(config.allowedLateness),
      maxGapUs: toMicroseconds(config.maxGap),
    },
    'config.',
  );
  const halfLifeHops = config.smoothingHalfLifeHops ?? DEFAULT_HALF_LIFE_HOPS;
  if (!(halfLifeHops >= 0 && halfLifeHops <= MOST_HALF_LIFE_HOPS)) {
    const allowed = `0 to ${MOST_HALF_LIFE_HOPS}`;
    throw VigilError.field('config.smoothing_half_life_hops', String(halfLifeHops), allowed);
  }
  const resampling =
    known(config.resampling, Resampling, 'resampling') === Resampling.MEAN ? 'mean' : 'linear';
  const waits = known(config.backlog, Backlog, 'backlog') === Backlog.WAIT;
  const lowest = config.lowestLevel || DEFAULT_LOWEST_LEVEL;
  const levels = toLevels(config.levels, lowest, manifest.classNames);
  return {
    model: config.model || STABLE,
    settings: { channels: manifest.channels, steps: manifest.steps, ...times, resampling },
    tracker: { hopUs: times.hopUs, holdUs: times.windowUs, halfLifeHops, levels },
    levelNames: levels.length === 0 ? [] : [lowest, ...levels.map(({ name }) => name)],
    waits,
  };
}

/** The configuration as it is used. */
export function resolvedConfig(
  { model, settings, tracker, levelNames, waits }: StreamPlan,
  { levels }: StreamConfig,
): MessageInitShape<typeof StreamConfigSchema> {
  return {
    model,
    window: toDuration(settings.windowUs),
    hop: toDuration(settings.hopUs),
    allowedLateness: toDuration(settings.latenessUs),
    maxGap: toDuration(settings.maxGapUs),
    resampling: settings.resampling === 'mean' ? Resampling.MEAN : Resampling.LINEAR,
    smoothingHalfLifeHops: tracker.halfLifeHops,
    levels,
    lowestLevel: levelNames[0] ?? '',
    backlog: waits ? Backlog.WAIT : Backlog.NEWEST,
  };
}

/** NaN for what is not whole microseconds: `checkTimes` refuses it by name. */
function toMicroseconds(duration: Duration | undefined): number | undefined {
  return duration && Number(duration.seconds) * 1e6 + duration.nanos / 1e3;
}

const toDuration = (us: number): { seconds: bigint; nanos: number } => ({
  seconds: BigInt(Math.floor(us / 1e6)),
  nanos: (us % 1e6) * 1e3,
});

/** Enumerations are open on the wire. */
function known<T extends number>(value: T, names: Readonly<Record<number, string>>, field: string): T {
  if (names[value] !== undefined) return value;
  const all = Object.keys(names).filter((key) => Number.isNaN(Number(key)));
  throw VigilError.field(`config.${field}`, String(value), all.join(', '));
}

function toLevels(levels: readonly Level[], lowest: string, classNames: readonly string[]): LevelRule[] {
  if (levels.length > MOST_LEVELS)
    throw VigilError.field('config.levels', `${levels.length} levels`, `at most ${MOST_LEVELS}`);
  const names = new Set([lowest]);
  const taken = new Map<string, string>();
  return levels.map(({ name, classNames: own, enter, leave }, at) => {
    const field = `config.levels[${at}]`;
    if (name === '' || names.has(name))
      throw VigilError.field(
        `${field}.name`,
        JSON.stringify(name),
        'a name unlike those of all other levels',
      );
    names.add(name);
    if (own.length === 0) throw VigilError.field(`${field}.class_names`, 'none', classNames.join(', '));
    if (!(enter > 0 && enter <= 1))
      throw VigilError.field(`${field}.enter`, String(enter), 'above 0, at most 1');
    if (!(leave > 0 && leave <= enter))
      throw VigilError.field(`${field}.leave`, String(leave), `above 0, at most enter (${enter})`);
    const classes = own.map((className) => {
      const index = classNames.indexOf(className);
      const found = JSON.stringify(className);
      if (index < 0)
        throw VigilError.field(`${field}.class_names`, found, classNames.join(', '), 'CLASS_UNKNOWN');
      const other = taken.get(className);
      if (other !== undefined)
        throw VigilError.field(
          `${field}.class_names`,
          `${found}, which is of ${other} already`,
          'one level a class',
        );
      taken.set(className, name);
      return index;
    });
    return { name, classes, enter, leave };
  });
}
