import { type Command, InvalidArgumentError } from 'commander';
import {
  ClearTrafficResponseSchema,
  SetTrafficResponseSchema,
  TrafficMode,
  type TrafficSplit,
} from '../gen/vigil/v1/models_pb.ts';
import { messageJson, percent, write, writeJson } from './print.ts';
import { globalsOf, withClients } from './session.ts';

interface TrafficFlags {
  readonly to?: string;
  readonly share?: number;
  readonly clear: boolean;
}

const MODES = {
  canary: {
    mode: TrafficMode.CANARY,
    description: 'let another version answer a share of the requests for an alias',
  },
  shadow: {
    mode: TrafficMode.SHADOW,
    description: 'let another version answer a share of the requests for an alias too, for metrics alone',
  },
} as const;

/** `models canary` and `models shadow`. */
export function addTraffic(models: Command): void {
  for (const [name, { mode, description }] of Object.entries(MODES)) {
    models
      .command(`${name} <alias>`)
      .description(description)
      .option('--to <model>', 'the version')
      .option('--share <share>', 'above 0, at most 1', parseShare)
      .option('--clear', `end the ${name}`, false)
      .action(async (alias: string, flags: TrafficFlags, command: Command) => {
        const { to, share, clear } = flags;
        const given = to !== undefined && share !== undefined;
        if (clear ? to !== undefined || share !== undefined : !given)
          command.error('error: give --to and --share, or --clear alone');
        const { address, json } = globalsOf(command);
        await withClients(address, async ({ models: service }) => {
          if (clear) {
            const ended = await service.clearTraffic({ alias, mode });
            if (json) return writeJson(messageJson(ClearTrafficResponseSchema, ended));
            return write(ended.split ? `ended: ${describeSplit(ended.split)}` : `${alias} has no ${name}`);
          }
          const answer = await service.setTraffic({ alias, mode, version: to!, share: share! });
          if (json) return writeJson(messageJson(SetTrafficResponseSchema, answer));
          write(describeSplit(answer.split!));
        });
      });
  }
}

/** For example "canary of stable, 10.0%: version 7". */
function describeSplit({ alias, version, mode, share }: TrafficSplit): string {
  return `${TrafficMode[mode]!.toLowerCase()} of ${alias}, ${percent(share)}: version ${version}`;
}

/** For the column of aliases: "stable:canary 10.0%". */
export function shortSplit({ alias, mode, share }: TrafficSplit): string {
  return `${alias}:${TrafficMode[mode]!.toLowerCase()} ${percent(share)}`;
}

function parseShare(text: string): number {
  const share = Number(text);
  if (text.trim() !== '' && share > 0 && share <= 1) return share;
  throw new InvalidArgumentError('allowed: above 0, at most 1');
}
