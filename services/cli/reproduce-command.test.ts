import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { PRESETS } from '../../src/experiments/presets.ts';
import { commandText } from './reproduce-command.ts';

/** The words that a shell makes of a line. */
const words = (line: string): string[] =>
  execFileSync('sh', ['-c', `printf '%s\\n' ${line}`], { encoding: 'utf8' })
    .trimEnd()
    .split('\n');

test('the command of a report is the same words in a shell, whatever stands in a name', () => {
  const { data, epochs, seeds } = PRESETS.smoke;
  const preset = commandText('table1', { folds: false, set: {} }, { data, epochs, seeds });
  expect(words(preset)).toEqual([
    'vigil',
    'reproduce',
    'table1',
    '--data',
    data,
    '--epochs',
    '8',
    '--seeds',
    '2',
  ]);
  const flags = { folds: true, classShares: '0.5,0.5', set: { ablate: 'joint' } };
  expect(words(commandText('table2', flags, { data: "it's $HOME.npz" }))).toEqual(
    ['vigil', 'reproduce', 'table2', '--data', "it's $HOME.npz"].concat([
      '--folds',
      '--class-shares',
      '0.5,0.5',
      '--set',
      'ablate=joint',
    ]),
  );
});
