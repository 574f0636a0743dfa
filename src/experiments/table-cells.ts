/** The tables that people read, as text cells: for Markdown and for HTML alike. */
import { formatDifference, formatInterval, formatP, formatSpread, formatValue, plural } from './format.ts';
import { tieText } from './headline.ts';
import { type ComparedMeasure, MEASURES, type MeasureName } from './measures.ts';
import type { RowSummary, TableSummary } from './summary.ts';

export interface TextTable {
  readonly title: string;
  /** What a reader must know to read it. */
  readonly note: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const unitText = (name: MeasureName): string => (MEASURES[name].unit === 'share' ? ', %' : '');
const header = (name: MeasureName): string => `${MEASURES[name].title}${unitText(name)}`;

/** Measures that some row has. */
const present = ({ rows }: TableSummary, names: readonly MeasureName[]): MeasureName[] =>
  names.filter((name) => rows.some(({ spread }) => spread[name] !== null));

/** Scores of every row, and of the Bayes classifier where it is known. */
export function scoreTable(table: TableSummary): TextTable {
  const { rows, classNames, bayes, experiment } = table;
  const own: MeasureName[] =
    experiment.name === 'figure2'
      ? ['silhouette', 'purity', 'macroAccuracy', 'macroAuc']
      : ['macroAccuracy', 'macroAuc', 'accuracy', 'macroF1'];
  const names = present(table, [...own, 'videoMajority', 'videoMeanProbability']);
  const cell = ({ spread }: RowSummary, name: MeasureName): string =>
    formatSpread(spread[name], MEASURES[name].unit);
  const bounds = bayes
    ? (
        [
          ['Bayes classifier, training priors', bayes.trainPriors],
          ['Bayes classifier, equal priors', bayes.priorFree],
        ] as const
      ).map(([title, score]) => [
        title,
        ...names.map((name) =>
          name in score
            ? formatValue(score[name as keyof typeof score], MEASURES[name].unit)
            : formatValue(null, 'number'),
        ),
        ...classNames.map(() => formatValue(null, 'share')),
        formatValue(null, 'count'),
      ])
    : [];
  const runs = table.reference.results.length;
  return {
    title: 'Scores on the test rows',
    note: `Mean ± standard deviation over ${plural(runs, 'run')} of each row. Updates of C say how long the classifier learned.`,
    header: ['row', ...names.map(header), ...classNames.map((name) => `${name}, %`), 'updates of C'],
    rows: [
      ...rows.map((summary) => [
        summary.row.title,
        ...names.map((name) => cell(summary, name)),
        ...summary.classAccuracy.map((spread) => formatSpread(spread, 'share')),
        cell(summary, 'classifierUpdates'),
      ]),
      ...bounds,
    ],
  };
}

/** Pairs are no independent draws of people: what that does to their interval and p. */
function sharedText({ folds, reference }: TableSummary): string {
  const all = reference.results[0]!.data.split.by === 'dataset';
  const pairs = folds > 0 ? 'Pairs of one fold share' : all ? 'All pairs share' : 'Pairs share';
  return ` ${pairs} test rows: the interval and p are about other seeds, and too sure about other people.`;
}

/** Every row beside the reference by one measure. */
export function comparisonTable(table: TableSummary, measure: ComparedMeasure): TextTable {
  const { unit, title } = MEASURES[measure];
  const { reference, exploratory, seeds, rows } = table;
  const points = unit === 'share' ? ', points' : '';
  const few = exploratory ? ` Exploratory: ${seeds} of the 10 seeds that a decision takes.` : '';
  return {
    title: `Differences in ${title}`,
    note: `Row minus “${reference.row.title}”, paired by seed${table.folds > 0 ? ' and fold' : ''}: mean, 95 % BCa interval, two-sided sign-flip test, corrected by Holm over the rows. A mean difference below ${tieText(measure)} is a tie, however wide its interval.${sharedText(table)}${few}`,
    header: ['row', `difference${points}`, '95 % interval', 'p', 'p, Holm', 'verdict'],
    rows: rows.flatMap(({ row, comparisons }) => {
      const found = comparisons[measure];
      if (!found) return [];
      return [
        [
          row.title,
          formatDifference(found.meanDifference, unit),
          formatInterval(found.interval, unit, true),
          formatP(found.p),
          formatP(found.holm),
          found.verdict,
        ],
      ];
    }),
  };
}

/** How much the macro accuracy depends on who was tested; undefined when the data has no subjects. */
export function subjectTable({ rows, reference }: TableSummary): TextTable | undefined {
  if (rows.every(({ subjects }) => subjects === null)) return undefined;
  return {
    title: 'Other people',
    note: `95 % bootstrap of whole subjects, rows of all runs pooled: how far the macro accuracy, and its difference to “${reference.row.title}”, would move with other people of this kind. The runs stay the same.`,
    header: ['row', 'macro accuracy, %', 'difference, points'],
    rows: rows.map(({ row, subjects, subjectsDifference }) => [
      row.title,
      formatInterval(subjects, 'share', false),
      formatInterval(subjectsDifference, 'share', true),
    ]),
  };
}

/** Distance to the Bayes classifier; undefined when it is not known. */
export function bayesTable({ rows, bayes, reference }: TableSummary): TextTable | undefined {
  if (!bayes) return undefined;
  const thinned = reference.results[0]!.data.classShares !== null;
  const shares = thinned
    ? ' The test rows have other shares than the thinned training rows, so an accuracy can lie above it.'
    : '';
  return {
    title: 'Distance to the Bayes classifier',
    note: `Points below the Bayes classifier of the simulated latents: in accuracy, to the one that knows the class shares of the training rows (${formatValue(bayes.trainPriors.accuracy, 'share')} %); in macro accuracy, to the one with equal shares (${formatValue(bayes.priorFree.macroAccuracy, 'share')} %).${shares}`,
    header: ['row', 'accuracy, points', 'macro accuracy, points'],
    rows: rows.map(({ row, spread }) => [
      row.title,
      formatDifference(spread.accuracyToBayes?.mean, 'share'),
      formatDifference(spread.macroAccuracyToBayes?.mean, 'share'),
    ]),
  };
}

/** All tables in the order in which they are read. */
export function textTables(table: TableSummary): TextTable[] {
  return [
    scoreTable(table),
    ...table.experiment.compared.map((measure) => comparisonTable(table, measure)),
    subjectTable(table),
    bayesTable(table),
  ].filter((each) => each !== undefined);
}
