/** docs/results/collapse.md from its figures: nothing on that page is written by hand. */
import { COLLAPSE_MARGIN } from '../../src/training/watch/warnings.ts';
import { type CollapsePoint, type CollapseResult, type CollapseRun, OBJECTIVES } from '../collapse.ts';
import { standsOn, table } from './markdown.ts';

const mean = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0) / values.length;
/** Two digits; what rounds to nothing has no sign. */
const figure = (value: number): string => (Math.round(100 * value) / 100 + 0).toFixed(2);

/** A figure of every run of an objective: their mean, and the least and most where there are several. */
function over(runs: readonly CollapseRun[], pick: (run: CollapseRun) => number): string {
  const values = runs.map(pick);
  if (values.length === 1) return figure(values[0]!);
  return `${figure(mean(values))} (${figure(Math.min(...values))} to ${figure(Math.max(...values))})`;
}

const lastOf = ({ points }: CollapseRun): CollapsePoint => points.at(-1)!;

export function renderCollapse(result: CollapseResult): string {
  const names = lastOf(result.runs[0]!).classes.map(({ className }) => className);
  const runsOf = (objective: string): CollapseRun[] =>
    result.runs.filter((run) => run.objective === objective);
  const seeds = [...new Set(result.runs.map(({ seed }) => seed))];
  const { epoch, iterations } = lastOf(result.runs[0]!);
  const objectives = Object.keys(OBJECTIVES);
  const ofClass = (at: number, pick: (point: CollapsePoint['classes'][number]) => number) =>
    objectives.map((objective) => over(runsOf(objective), (run) => pick(lastOf(run).classes[at]!)));
  const real = (at: number): string =>
    over(runsOf(objectives[0]!), (run) => lastOf(run).classes[at]!.realReal);
  const correlations = names.map((name, at) => [name, real(at), ...ofClass(at, ({ genGen }) => genGen)]);
  const crossed = names.map((name, at) => [name, real(at), ...ofClass(at, ({ genReal }) => genReal)]);
  const distances = names.map((name, at) => [name, ...ofClass(at, ({ nearestRatio }) => nearestRatio)]);
  const others = objectives.map((objective) => [
    objective,
    over(runsOf(objective), (run) => lastOf(run).discriminator[0]),
    over(runsOf(objective), (run) => lastOf(run).discriminator[1]),
    over(runsOf(objective), (run) => Math.max(...run.points.map(({ macroAccuracy }) => macroAccuracy))),
  ]);
  const first = runsOf(objectives[0]!)[0]!;
  const course = first.points.map((point, i) => [
    String(point.iterations),
    ...objectives.map((objective) =>
      figure(
        mean(runsOf(objective).map(({ points }) => mean(points[i]!.classes.map(({ genGen }) => genGen)))),
      ),
    ),
  ]);
  const alike = objectives.map((objective) => {
    const found = runsOf(objective).flatMap((run) => lastOf(run).classes);
    return `${objective} ${found.filter(({ genGen, realReal }) => genGen > realReal + COLLAPSE_MARGIN).length}`;
  });
  return `${[
    '# Does the generator collapse?',
    `Generated with its figures, \`collapse.json\`. ${standsOn(result, { engine: result.engine })}. \`${result.regime}\` on \`${result.dataset}\` (SHA-256 \`${result.datasetSha256}\`), generator \`${result.generatorArchitecture}\`, all other options as by default, ${epoch} epochs (${iterations} iterations), seeds ${seeds.join(', ')}${seeds.length < 10 ? ': fewer than 10, so exploratory' : ''}. Cells are means over seeds, least and most in brackets.`,
    '## r(gen,gen): how alike two generated rows of a class are',
    'After the last epoch, beside two real rows. A generator that draws from the class has the figure of the real rows; 1 is a generator that ignores its noise. The correlation is that of eq. 4, of rows standardised per channel: it sees their course in time, not their level.',
    table(['class', 'real', ...objectives], correlations),
    `Classes whose generated rows are more alike than real ones by over ${COLLAPSE_MARGIN}, of ${seeds.length * names.length}: ${alike.join(', ')}.`,
    '## Over the iterations, mean of the classes',
    table(['iterations', ...objectives], course),
    '## r(gen,real)',
    'A generated row and a real one of its class: what eq. 4 raises.',
    table(['class', 'real', ...objectives], crossed),
    '## Distance to the nearest real row',
    'Median, over the same between real rows: near 0 would be copies.',
    table(['class', ...objectives], distances),
    '## The discriminator, and the classifier',
    'Shares of real and generated rows that D takes for what they are, after the last epoch, and the best macro accuracy of C on validation rows. Every seed has a split of its own, and so few seeds make no ranking.',
    table(['objective', 'D on real', 'D on generated', 'C, validation'], others),
  ].join('\n\n')}\n`;
}
