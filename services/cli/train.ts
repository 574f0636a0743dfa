import { create, type DescField, ScalarType } from '@bufbuild/protobuf';
import { type Command, InvalidArgumentError } from 'commander';
import { VigilError } from '../../src/errors.ts';
import { LOSS_TERMS, REGIME_NAMES } from '../../src/training/options.ts';
import type { Clients } from '../client/clients.ts';
import { OperationSchema } from '../gen/google/longrunning/operations_pb.ts';
import {
  RunState,
  SplitOptionsSchema,
  TrainingOptionsSchema,
  TrainingRunSchema,
} from '../gen/vigil/v1/train_pb.ts';
import { EXIT } from './failure.ts';
import { writePromotion } from './gate.ts';
import { messageJson, remark, write, writeJson } from './print.ts';
import { writeEvaluation } from './scores.ts';
import { globalsOf, withClients } from './session.ts';
import { watchRun } from './watch.ts';

interface TrainFlags {
  readonly dataset: string;
  readonly regime: string;
  readonly set: Readonly<Record<string, string>>;
  readonly ablate?: string;
  readonly split: Readonly<Record<string, string>>;
  readonly name: string;
  readonly requestId?: string;
  readonly wait: boolean;
  readonly promote: boolean;
}

/** Collects NAME=VALUE flags. */
export function collectPair(text: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Allowed: NAME=VALUE.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

function toValue({ localName, fieldKind, ...field }: DescField, text: string): unknown {
  if (fieldKind === 'list') return text.split(',');
  const { scalar } = field as { scalar?: ScalarType };
  if (scalar === ScalarType.STRING) return text;
  if (scalar === ScalarType.BOOL && /^(true|false)$/.test(text)) return text === 'true';
  if (scalar === ScalarType.UINT64 && /^\d+$/.test(text)) return BigInt(text);
  const integer = scalar === ScalarType.INT32;
  const value = Number(text);
  if (
    scalar !== ScalarType.BOOL &&
    text.trim() !== '' &&
    Number.isFinite(value) &&
    (!integer || Number.isInteger(value))
  )
    return value;
  const allowed =
    scalar === ScalarType.BOOL
      ? 'true or false'
      : integer || scalar === ScalarType.UINT64
        ? 'an integer'
        : 'a number';
  throw VigilError.field(localName, JSON.stringify(text), allowed);
}

/** NAME=VALUE pairs as fields of a message, by their JSON names. */
export function toFields(
  fields: readonly DescField[],
  pairs: Readonly<Record<string, string>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(pairs).map(([name, text]) => {
      const field = fields.find(({ localName }) => localName === name);
      if (field) return [name, toValue(field, text)];
      throw VigilError.field(name, 'no such option', fields.map(({ localName }) => localName).join(', '));
    }),
  );
}

/** Follows a run to its end and reports it; Ctrl-C leaves the run going. Resolves with the exit code. */
export async function followRun(clients: Clients, name: string, json: boolean): Promise<number> {
  if (!json) remark(name);
  const left = new AbortController();
  const leave = (): void => left.abort();
  process.once('SIGINT', leave);
  try {
    const { state, error, modelVersion } = await watchRun(clients, name, {
      json,
      title: name,
      signal: left.signal,
    });
    const { run } = await clients.training.getRun({ name });
    if (json) write(JSON.stringify(messageJson(TrainingRunSchema, run!)));
    if (state === RunState.SUCCEEDED) {
      if (!json) {
        const hint = run!.promotion ? '' : `; promote it with: vigil models promote ${modelVersion}`;
        write(`model version ${modelVersion} (alias candidate)${hint}`);
        writeEvaluation(run!.evaluation!);
        if (run!.promotion) writePromotion(run!.promotion, modelVersion);
      }
      return EXIT.ok;
    }
    remark(`${name} ${RunState[state]!.toLowerCase()}${error ? `: ${error.message}` : ''}`);
    return EXIT.failed;
  } catch (error) {
    if (!left.signal.aborted) throw error;
    remark(
      `${name} goes on; watch it with: vigil runs watch ${name}, stop it with: vigil runs cancel ${name}`,
    );
    return EXIT.interrupted;
  } finally {
    process.off('SIGINT', leave);
  }
}

export function addTrain(program: Command): void {
  program
    .command('train')
    .description('train a model, and follow it until it is registered as the candidate')
    .requiredOption(
      '-d, --dataset <name>',
      'a stored dataset, example:uta-rldd-blinks, or simulated:small?seed=1',
    )
    .option('-r, --regime <name>', REGIME_NAMES.join(', '), 'joint_scratch')
    .option('-s, --set <name=value>', 'a training option, for example epochs=20; repeatable', collectPair, {})
    .option('--ablate <terms>', `terms of G's loss to leave out, with commas: ${LOSS_TERMS.join(', ')}`)
    .option('--split <name=value>', 'how rows are divided, for example by=group; repeatable', collectPair, {})
    .option('-n, --name <text>', 'shown in lists', '')
    .option('--request-id <id>', 'the same id gives the same run for 24 hours')
    .option('--promote', 'point stable at the version when the promotion gate lets it pass', false)
    .option('--no-wait', 'print the operation and leave')
    .action(async (flags: TrainFlags, command: Command) => {
      const { address, json } = globalsOf(command);
      const given = flags.ablate === undefined ? flags.set : { ...flags.set, ablate: flags.ablate };
      const options = create(TrainingOptionsSchema, toFields(TrainingOptionsSchema.fields, given));
      const split = toFields(SplitOptionsSchema.fields, flags.split);
      process.exitCode = await withClients(address, async (clients) => {
        const { run, operation } = await clients.train({
          ...(flags.requestId !== undefined && { requestId: flags.requestId }),
          dataset: flags.dataset,
          regime: flags.regime,
          options,
          displayName: flags.name,
          promote: flags.promote,
          ...(Object.keys(split).length > 0 && { split: create(SplitOptionsSchema, split) }),
        });
        if (flags.wait) return followRun(clients, run, json);
        if (json) writeJson(messageJson(OperationSchema, operation));
        else write(`${operation.name} queued; watch it with: vigil runs watch ${run}`);
        return EXIT.ok;
      });
    });
}
