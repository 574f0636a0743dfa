import type { ExperimentName } from '../../src/experiments/experiment.ts';

/** What makes an experiment what it is. */
export interface CommandFlags {
  readonly folds: boolean;
  readonly classShares?: string;
  readonly set: Readonly<Record<string, string>>;
}

/** A word as a POSIX shell reads it: names of simulated data have `?` and `&`, paths may have spaces. */
const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** The command that makes the same, to be pasted into a shell; `sizes` are flags with what the preset stands for. */
export function commandText(
  name: ExperimentName,
  { folds, classShares, set }: CommandFlags,
  sizes: Readonly<Record<string, string | number>>,
): string {
  const words = [
    ...Object.entries(sizes).flatMap(([flag, value]) => [`--${flag}`, String(value)]),
    ...(folds ? ['--folds'] : []),
    ...(classShares === undefined ? [] : ['--class-shares', classShares]),
    ...Object.entries(set).flatMap(([option, value]) => ['--set', `${option}=${value}`]),
  ];
  return ['vigil', 'reproduce', name, ...words.map(quoted)].join(' ');
}
