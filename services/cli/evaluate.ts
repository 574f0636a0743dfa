import { create } from '@bufbuild/protobuf';
import { type Command, Option } from 'commander';
import type { Dataset, Split } from '../../src/data/dataset.ts';
import { VigilError } from '../../src/errors.ts';
import { evaluate } from '../../src/evaluation/metrics.ts';
import { restoreSplit } from '../../src/training/restore-split.ts';
import { toEvaluation } from '../evaluation/convert.ts';
import { EvaluationSchema } from '../gen/vigil/v1/evaluation_pb.ts';
import type { ModelVersion } from '../gen/vigil/v1/models_pb.ts';
import { messageJson, remark, write, writeJson } from './print.ts';
import { classifyRows, openSource, takeRows } from './rows.ts';
import { writeEvaluation } from './scores.ts';
import { globalsOf, withClients } from './session.ts';

/** What lineage says about the training that we need again. */
interface TrainedConfiguration {
  readonly classRows: readonly number[];
}

/** The rows of one side of the split that the model was trained with. */
function rowsOfSide(
  dataset: Dataset,
  own: Split | undefined,
  { lineage }: ModelVersion,
  side: keyof Split,
): number[] {
  const { dataset: name, datasetSha256, seed, configuration = {} } = lineage!;
  if (datasetSha256 !== dataset.sha256) {
    const allowed = `all for other data than the model's (${name}, ${datasetSha256.slice(0, 12)}…)`;
    throw VigilError.field('--side', side, allowed);
  }
  return [...restoreSplit(dataset, own, { datasetSha256, seed: Number(seed), configuration })[side]];
}

const pick = (ids: Int32Array, rows: readonly number[]): number[] => rows.map((row) => ids[row]!);

/** Whether scores are of rows that the model has seen. */
const trained = ({ lineage }: ModelVersion, { sha256 }: Dataset, side: 'all' | keyof Split): boolean =>
  lineage?.datasetSha256 === sha256 && (side === 'all' || side === 'train');

export function addEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description("a model's scores: those of its training, or fresh ones on a dataset through the server")
    .option('-m, --model <model>', 'a version or an alias', 'stable')
    .option('-d, --dataset <source>', 'a dataset file, example:... or simulated:...')
    .addOption(
      new Option('--side <side>', "rows by the model's own split of its dataset")
        .choices(['all', 'train', 'validation', 'test'])
        .default('all'),
    )
    .action(
      async (flags: { model: string; dataset?: string; side: 'all' | keyof Split }, command: Command) => {
        const { address, json } = globalsOf(command);
        await withClients(address, async (clients) => {
          const { version: model } = await clients.models.getModelVersion({ model: flags.model });
          if (flags.dataset === undefined) {
            if (json) return writeJson(messageJson(EvaluationSchema, model!.evaluation!));
            write(`version ${model!.version} on the test rows of its training`);
            return writeEvaluation(model!.evaluation!);
          }
          const { dataset, split } = await openSource(flags.dataset);
          const { classNames } = model!;
          const labelOf = dataset.classNames.map((name) => classNames.indexOf(name));
          const missing = dataset.classNames.filter((_, k) => labelOf[k]! < 0);
          if (missing.length > 0)
            throw VigilError.field('--dataset', `classes ${missing.join(', ')}`, classNames.join(', '));
          const rows =
            flags.side === 'all'
              ? Array.from({ length: dataset.rows }, (_, row) => row)
              : rowsOfSide(dataset, split, model!, flags.side);
          const shape = [rows.length, dataset.channels, dataset.steps];
          const { predictions } = await classifyRows(clients, model!.version, shape, takeRows(dataset, rows));
          const { classRows } = model!.lineage!.configuration as unknown as TrainedConfiguration;
          const total = classRows.reduce((sum, count) => sum + count, 0);
          const evaluation = evaluate({
            probabilities: Float32Array.from(
              predictions.flatMap(({ probabilities }) => probabilities.map(({ probability }) => probability)),
            ),
            labels: Uint8Array.from(rows, (row) => labelOf[dataset.labels[row]!]!),
            classNames,
            trainPriors: classRows.map((count) => count / total),
            groups: dataset.groups && pick(dataset.groups, rows),
            clips: dataset.clips && pick(dataset.clips, rows),
            seed: Number(model!.lineage!.seed),
          });
          const temperature = model!.evaluation?.calibration?.temperature ?? 1;
          const message = create(
            EvaluationSchema,
            toEvaluation({ ...evaluation, calibration: { temperature } }),
          );
          if (trained(model!, dataset, flags.side))
            remark('these rows include rows that the model was trained on');
          if (json) return writeJson(messageJson(EvaluationSchema, message));
          write(`version ${model!.version} on ${flags.side} rows of ${flags.dataset}`);
          writeEvaluation(message);
        });
      },
    );
}
