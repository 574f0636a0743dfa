import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { VigilError } from '../../src/errors.ts';
import { ClassifyOutput, ClassifyResponseSchema } from '../gen/vigil/v1/classify_pb.ts';
import { columnsOf, predictionsNpz } from './predictions.ts';
import { messageJson, percent, remark, writeJson, writeTable } from './print.ts';
import { classifyRows, openSource, parseRows, readStdin, takeRows } from './rows.ts';
import { globalsOf, withClients } from './session.ts';

interface ClassifyFlags {
  readonly model: string;
  readonly rows?: string;
  readonly topClass: boolean;
  readonly priorCorrected: boolean;
  readonly logits: boolean;
  readonly embedding: boolean;
  readonly uncalibrated: boolean;
  readonly out?: string;
}

export function addClassify(program: Command): void {
  program
    .command('classify <source>')
    .description('classify rows of a dataset file, example:..., simulated:..., or - for JSON arrays on stdin')
    .option('-m, --model <model>', 'a version or an alias', 'stable')
    .option('--rows <rows>', 'which rows, such as 0-9,20; all by default')
    .option('--top-class', 'leave the probabilities out', false)
    .option('--prior-corrected', 'also probabilities as if all classes were equally common', false)
    .option('--logits', 'also logits', false)
    .option('--embedding', "also the classifier's penultimate layer, with --json or --out", false)
    .option('--uncalibrated', "without the version's temperature", false)
    .option('-o, --out <file.npz>', 'where the answers go as arrays')
    .action(async (source: string, flags: ClassifyFlags, command: Command) => {
      const { address, json } = globalsOf(command);
      const { model, rows, out } = flags;
      if (out !== undefined && !out.endsWith('.npz'))
        throw VigilError.field('--out', JSON.stringify(out), 'a file name that ends in .npz');
      if (flags.embedding && !json && out === undefined)
        throw VigilError.field(
          '--embedding',
          'a table, which has no room for it',
          '--json or --out FILE.npz',
        );
      const opened = source === '-' ? undefined : (await openSource(source)).dataset;
      const numbers = opened && parseRows(rows, opened.rows);
      const input =
        opened && numbers
          ? { shape: [numbers.length, opened.channels, opened.steps], values: takeRows(opened, numbers) }
          : await readStdin();
      await withClients(address, async (clients) => {
        const options = { outputs: outputsOf(flags), uncalibrated: flags.uncalibrated };
        const answer = await classifyRows(clients, model, input.shape, input.values, options);
        const { version, predictions, classNames } = answer;
        if (out !== undefined) await writeFile(out, predictionsNpz(predictions, classNames));
        if (json) {
          const response = { modelVersion: version, predictions, classNames: [...classNames] };
          return writeJson(messageJson(ClassifyResponseSchema, response));
        }
        const labels = numbers?.map((row) => opened!.classNames[opened!.labels[row]!]!);
        const { titles, cells } = columnsOf(predictions, classNames);
        writeTable(
          ['row', 'predicted', ...(labels ? ['label'] : []), ...titles],
          predictions.map((prediction, at) => [
            String(numbers?.[at] ?? at),
            prediction.topClass,
            ...(labels ? [labels[at]!] : []),
            ...cells(prediction),
          ]),
        );
        const right = labels?.filter((label, at) => label === predictions[at]!.topClass).length;
        const share = right === undefined ? '' : `; ${percent(right / predictions.length)} as labelled`;
        remark(
          `${predictions.length} rows by version ${version}${share}${out === undefined ? '' : `; in ${out}`}`,
        );
      });
    });
}

function outputsOf({ topClass, priorCorrected, logits, embedding }: ClassifyFlags): ClassifyOutput[] {
  return [
    topClass ? ClassifyOutput.TOP_CLASS : ClassifyOutput.PROBABILITIES,
    ...(priorCorrected ? [ClassifyOutput.PRIOR_CORRECTED_PROBABILITIES] : []),
    ...(logits ? [ClassifyOutput.LOGITS] : []),
    ...(embedding ? [ClassifyOutput.EMBEDDING] : []),
  ];
}
