/** What is said about results with known effects: planted ones are found, noise is not called an effect. */
import { expect, test } from 'vitest';
import { EXPERIMENTS } from './catalogue.ts';
import { tableCsv } from './csv.ts';
import { headline } from './headline.ts';
import { tableMarkdown } from './markdown.ts';
import { renderExperimentReport } from './report/report.ts';
import { summarise } from './summary.ts';
import { bayesTable, comparisonTable } from './table-cells.ts';
import { madeRuns } from './testing/made-results.ts';

const { table1, figure2 } = EXPERIMENTS;
const verdicts = (summary: ReturnType<typeof summarise>): Record<string, string | undefined> =>
  Object.fromEntries(
    summary.rows.map(({ row, comparisons }) => [row.name, comparisons.macroAccuracy?.verdict]),
  );

test('a planted effect is found, in its direction, and small differences are ties', () => {
  const effects = { joint_scratch: 0.06, joint_snapshot_0: -0.06 };
  const summary = summarise(table1, madeRuns(table1, 10, effects));
  expect(summary.exploratory).toBe(false);
  expect(verdicts(summary)).toEqual({
    classifier_only: undefined,
    joint_scratch: 'better',
    joint_snapshot_0: 'worse',
    joint_snapshot_25: 'tie',
    joint_snapshot_50: 'tie',
    joint_snapshot_75: 'tie',
  });
  const { meanDifference, interval, holm, p } = summary.rows[1]!.comparisons.macroAccuracy!;
  expect(meanDifference).toBeCloseTo(0.06, 1);
  expect(interval.low).toBeLessThan(0.06);
  expect(interval.high).toBeGreaterThan(0.06);
  expect(holm).toBeGreaterThan(p);
  const said = headline(summary);
  expect(said).toMatch(
    /“joint, from scratch” \(\+\d\.\d points, interval .*, over other people \+.* to \+.*\) is better than “classifier alone”/,
  );
  expect(said).toMatch(/“joint, snapshot unfrozen after 0 %” .* is worse than/);
  expect(said).toMatch(/tie with “classifier alone”/);
});

test('without an effect nothing is better or worse, and ties are called ties', () => {
  const summary = summarise(table1, madeRuns(table1, 10, {}));
  for (const verdict of Object.values(verdicts(summary))) expect(['better', 'worse']).not.toContain(verdict);
  expect(headline(summary)).toBe(
    'A tie in macro accuracy: all 5 other rows are less than 1 point from “classifier alone”.',
  );
});

test('an effect that drowns in noise is undecided, and said to be', () => {
  const summary = summarise(figure2, madeRuns(figure2, 10, { joint_scratch: 0.2 }, 0.35));
  const { verdict } = summary.rows[1]!.comparisons.purity!;
  expect(verdict).toBe('undecided');
  const table = summarise(
    table1,
    madeRuns(table1, 10, { joint_scratch: 0.04, joint_snapshot_0: -0.04 }, 0.3),
  );
  const undecided = table.rows.filter(
    ({ comparisons }) => comparisons.macroAccuracy?.verdict === 'undecided',
  );
  expect(undecided.length).toBeGreaterThan(0);
  expect(headline(table)).toMatch(/may be chance/);
  expect(headline(table)).not.toMatch(/is better|is worse/);
});

test('fewer than ten seeds decide nothing: the first word says so', () => {
  const summary = summarise(table1, madeRuns(table1, 3, { joint_scratch: 0.3 }));
  expect(headline(summary)).toMatch(/^Exploratory, 3 seeds, which decides nothing\. /);
  // Three signs cannot reach 0.05.
  expect(summary.rows[1]!.comparisons.macroAccuracy!.verdict).toBe('undecided');
  expect(tableMarkdown(summary)).toMatch(/^# Exploratory, 3 seeds/);
  expect(tableMarkdown(summary)).toContain('Exploratory: 3 of the 10 seeds');
});

test('the difference over subjects is narrower than the score, because subjects are shared', () => {
  const summary = summarise(table1, madeRuns(table1, 10, { joint_scratch: 0.06 }));
  const { subjects, subjectsDifference } = summary.rows[1]!;
  const width = (interval: { low: number; high: number } | null): number => interval!.high - interval!.low;
  expect(width(subjects)).toBeGreaterThan(2 * width(subjectsDifference));
  expect(subjectsDifference!.low).toBeGreaterThan(0);
  expect(summary.reference.subjectsDifference).toBeNull();
});

test('the table says what pairs share, and that a tie may be a wide one', () => {
  const note = (folds?: readonly number[]): string =>
    comparisonTable(summarise(table1, madeRuns(table1, 2, {}, 0.01, folds)), 'macroAccuracy').note;
  expect(note([1, 2, 3])).toContain('paired by seed and fold: ');
  expect(note([1, 2, 3])).toContain('Pairs of one fold share test rows: ');
  expect(note()).toContain('paired by seed: ');
  expect(note()).toContain('Pairs share test rows: the interval and p are about other seeds');
  expect(note()).toContain('below 1 point is a tie, however wide its interval.');
});

test('thinned training rows are no longer what the Bayes classifier of the test rows knows', () => {
  const score = { accuracy: 0.8, macroAccuracy: 0.8, macroAuc: 0.9 };
  const note = (classShares: number[] | null): string => {
    const runs = madeRuns(table1, 2, {}).map(({ row, results }) => ({
      row,
      results: results.map((result) => ({
        ...result,
        data: { ...result.data, classShares },
        bayes: { trainPriors: score, priorFree: score },
      })),
    }));
    return bayesTable(summarise(table1, runs))!.note;
  };
  expect(note(null)).not.toContain('thinned');
  expect(note([0.9, 0.1])).toContain('other shares than the thinned training rows');
});

test('the CSV has a line per row, the same bytes for the same results, and nothing of when it was made', () => {
  const csv = (): string => tableCsv(summarise(table1, madeRuns(table1, 2, { joint_scratch: 0.06 })));
  expect(csv()).toBe(csv());
  const [header, ...lines] = csv().trimEnd().split('\n');
  expect(lines).toHaveLength(6);
  expect(header).toMatch(/^row,title,regime,/);
  expect(header).toContain(',macro_accuracy_verdict,');
  expect(header).toContain(',accuracy:drowsy,');
  expect(header).not.toMatch(/second|_time|_date|created/);
  // Titles with commas are quoted: every line has as many cells as the header.
  for (const line of lines)
    expect(line.replace(/"[^"]*"/g, '').split(',').length).toBe(header!.split(',').length);
});

test('the report says what came out first, draws every comparison, needs nothing, and escapes names', () => {
  const tables = [summarise(table1, madeRuns(table1, 2, {})), summarise(figure2, madeRuns(figure2, 2, {}))];
  const html = renderExperimentReport({
    tables,
    figure: undefined,
    command: 'vigil reproduce',
    created: 'now',
  });
  expect(html).toMatch(/<main>\n<h1 class="said">Exploratory, 2 seeds/);
  expect(html.match(/<svg/g)).toHaveLength(2 * 2 + 2 * 2);
  expect(html).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
  expect(html).not.toMatch(/undefined|NaN|\[object/);
  expect(html).toContain('made &lt;up&gt;');
  expect(html).not.toContain('made <up>');
});

test('what holds for other seeds but not for other people is undecided', () => {
  const runs = madeRuns(table1, 10, { joint_scratch: 0.06 });
  // One person carries the whole difference; the runs' scores stay as they are.
  const carried = runs.map(({ row, results }) => ({
    row,
    results: results.map((result) => ({
      ...result,
      subjects: result.subjects!.map(({ subject, rows }) => {
        const right = row.name === 'joint_scratch' && subject === 0 ? 45 : 30;
        return { subject, rows, right: [right, right], rightCorrected: [right, right] };
      }),
    })),
  }));
  expect(verdicts(summarise(table1, runs)).joint_scratch).toBe('better');
  expect(verdicts(summarise(table1, carried)).joint_scratch).toBe('undecided');
});
