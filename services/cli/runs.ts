import { EmptySchema, timestampDate } from '@bufbuild/protobuf/wkt';
import { type Command, InvalidArgumentError } from 'commander';
import {
  ListRunsResponseSchema,
  RunState,
  type TrainingRun,
  TrainingRunSchema,
} from '../gen/vigil/v1/train_pb.ts';
import { writePromotion } from './gate.ts';
import { messageJson, percent, printable, remark, write, writeJson, writeTable } from './print.ts';
import { writeEvaluation } from './scores.ts';
import { globalsOf, withClients } from './session.ts';
import { followRun } from './train.ts';

function parseLimit(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Allowed: 1 to 9999.');
}

const runOf = (name: string): string => (name.startsWith('runs/') ? name : `runs/${name}`);
const operationOf = (name: string): string => `operations/${runOf(name).slice('runs/'.length)}`;
const stateOf = ({ state }: TrainingRun): string => RunState[state]!.toLowerCase();

function describe(run: TrainingRun): void {
  const { name, request, progress, createTime, error, modelVersion, evaluation, warnings, promotion } = run;
  write(`${name}  ${stateOf(run)}  ${printable(request?.displayName ?? '')}`.trimEnd());
  write(
    `regime ${request?.regime}  dataset ${request?.dataset}  created ${timestampDate(createTime!).toISOString()}`,
  );
  if (progress)
    write(
      `epoch ${progress.epoch}/${progress.epochs}  ${progress.percent.toFixed(1)}%  checkpoint at epoch ${progress.checkpointEpoch}`,
    );
  if (error) write(`${error.code}: ${error.message}`);
  for (const warning of warnings) write(`warning: ${warning}`);
  if (modelVersion) write(`model version ${modelVersion}`);
  if (evaluation) writeEvaluation(evaluation);
  if (promotion) writePromotion(promotion, modelVersion);
}

export function addRuns(program: Command): void {
  const runs = program.command('runs').description('list, show, watch, cancel and delete training runs');
  runs
    .command('list', { isDefault: true })
    .description('runs, newest first')
    .option('-n, --limit <rows>', 'most runs to list', parseLimit, 20)
    .action(async ({ limit }: { limit: number }, command: Command) => {
      const { address, json } = globalsOf(command);
      await withClients(address, async ({ training }) => {
        const page = await training.listRuns({ pageSize: limit });
        if (json) return writeJson(messageJson(ListRunsResponseSchema, page));
        const rows = page.runs.map((run) => [
          run.name,
          stateOf(run),
          run.request?.regime ?? '',
          run.request?.dataset ?? '',
          `${(run.progress?.percent ?? 0).toFixed(0)}%`,
          run.modelVersion || '-',
          percent(run.evaluation?.macroAccuracy),
          run.request?.displayName ?? '',
        ]);
        writeTable(['run', 'state', 'regime', 'dataset', 'done', 'version', 'macro acc.', 'name'], rows);
      });
    });
  runs
    .command('show <run>')
    .description('one run with its scores')
    .action(async (name: string, _: object, command: Command) => {
      const { address, json } = globalsOf(command);
      await withClients(address, async ({ training }) => {
        const { run } = await training.getRun({ name: runOf(name) });
        if (json) writeJson(messageJson(TrainingRunSchema, run!));
        else describe(run!);
      });
    });
  runs
    .command('watch <run>')
    .description('follow a run to its end')
    .action(async (name: string, _: object, command: Command) => {
      const { address, json } = globalsOf(command);
      process.exitCode = await withClients(address, (clients) => followRun(clients, runOf(name), json));
    });
  runs
    .command('cancel <run>')
    .description('stop a run at the next step; its checkpoint is kept')
    .action(async (name: string, _: object, command: Command) => {
      const { address, json } = globalsOf(command);
      await withClients(address, ({ operations }) => operations.cancelOperation({ name: operationOf(name) }));
      if (json) writeJson(messageJson(EmptySchema, {}));
      else remark(`${runOf(name)} is being cancelled`);
    });
  runs
    .command('delete <run>')
    .description('delete a run that is over; the model version it made stays')
    .action(async (name: string, _: object, command: Command) => {
      const { address, json } = globalsOf(command);
      await withClients(address, ({ operations }) => operations.deleteOperation({ name: operationOf(name) }));
      if (json) writeJson(messageJson(EmptySchema, {}));
      else remark(`${runOf(name)} deleted`);
    });
}
