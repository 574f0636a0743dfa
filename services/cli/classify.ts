import type { Command } from 'commander';
import { ClassifyResponseSchema } from '../gen/vigil/v1/classify_pb.ts';
import { decimal, messageJson, percent, remark, writeJson, writeTable } from './print.ts';
import { classifyRows, openSource, parseRows, readStdin, takeRows } from './rows.ts';
import { globalsOf, withClients } from './session.ts';

export function addClassify(program: Command): void {
  program
    .command('classify <source>')
    .description('classify rows of a dataset file, example:..., simulated:..., or - for JSON arrays on stdin')
    .option('-m, --model <model>', 'a version or an alias', 'stable')
    .option('--rows <rows>', 'which rows, such as 0-9,20; all by default')
    .action(async (source: string, { model, rows }: { model: string; rows?: string }, command: Command) => {
      const { address, json } = globalsOf(command);
      const opened = source === '-' ? undefined : (await openSource(source)).dataset;
      const numbers = opened && parseRows(rows, opened.rows);
      const input =
        opened && numbers
          ? { shape: [numbers.length, opened.channels, opened.steps], values: takeRows(opened, numbers) }
          : await readStdin();
      await withClients(address, async (clients) => {
        const { version, predictions } = await classifyRows(clients, model, input.shape, input.values);
        if (json)
          return writeJson(messageJson(ClassifyResponseSchema, { modelVersion: version, predictions }));
        const labels = numbers?.map((row) => opened!.classNames[opened!.labels[row]!]!);
        const classes = predictions[0]!.probabilities.map(({ className }) => className);
        writeTable(
          ['row', 'predicted', ...(labels ? ['label'] : []), ...classes],
          predictions.map(({ topClass, probabilities }, at) => [
            String(numbers?.[at] ?? at),
            topClass,
            ...(labels ? [labels[at]!] : []),
            ...probabilities.map(({ probability }) => decimal(probability)),
          ]),
        );
        const right = labels?.filter((label, at) => label === predictions[at]!.topClass).length;
        const share = right === undefined ? '' : `; ${percent(right / predictions.length)} as labelled`;
        remark(`${predictions.length} rows by version ${version}${share}`);
      });
    });
}
