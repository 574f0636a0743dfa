import { channelChart, confusionChart, lossCharts, validationCharts } from './charts.ts';
import type { ReportBand, ReportChannel, ReportContent, ReportModel } from './content.ts';
import { charts, escapeHtml, legend, page, section, table, tiles } from './page.ts';

const percent = (share: number | null): string => (share === null ? '–' : `${(100 * share).toFixed(1)} %`);
const decimal = (value: number | null): string => (value === null ? '–' : value.toFixed(3));

function classTable({ models, classRows }: ReportContent): string {
  const header = [
    'model',
    'class',
    'training rows',
    'test rows',
    'accuracy',
    'prior-corrected',
    'AUC',
    'F1',
    'precision',
  ];
  const rows = models.flatMap(({ regime, evaluation }) => [
    ...evaluation.perClass.map((score, k) => [
      regime,
      score.name,
      String(classRows[k]),
      String(score.rows),
      percent(score.accuracy),
      percent(evaluation.priorCorrected.perClass[k]!.accuracy),
      decimal(score.auc),
      decimal(score.f1),
      percent(score.precision),
    ]),
    [
      regime,
      'macro mean',
      '',
      String(evaluation.rows),
      percent(evaluation.macroAccuracy),
      percent(evaluation.priorCorrected.macroAccuracy),
      decimal(evaluation.macroAuc),
      decimal(evaluation.macroF1),
      '',
    ],
  ]);
  return table(header, rows, 2);
}

function confusions(models: readonly ReportModel[], classNames: readonly string[]): string {
  return charts(
    models.flatMap(({ regime, evaluation }) => [
      { title: regime, svg: confusionChart(`${regime}: confusion matrix`, classNames, evaluation.confusion) },
      {
        title: `${regime}, prior-corrected`,
        svg: confusionChart(
          `${regime}, prior-corrected: confusion matrix`,
          classNames,
          evaluation.priorCorrected.confusion,
        ),
      },
    ]),
  );
}

/** How wide the synthetic bands are beside the real ones, on average over channels and steps. */
function widthShare(channels: readonly ReportChannel[]): number {
  const width = (bands: readonly ReportBand[]): number =>
    bands.reduce((sum, { low, high }) => sum + high - low, 0) / bands.length;
  const shares = channels.flatMap(({ real, synthetic }) =>
    width(real) > 0 ? [width(synthetic) / width(real)] : [],
  );
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

/** The whole report as HTML. */
export function renderReport(content: ReportContent): string {
  const { dataset, split, classNames, engine, created, models, promoted, people, synthetic } = content;
  const names = models.map(({ regime }) => regime);
  const chance = 1 / classNames.length;
  const summary = tiles([
    ...models.map(({ regime, evaluation }) => ({
      value: percent(evaluation.macroAccuracy),
      label: `macro accuracy on people it never saw, ${regime} (chance ${percent(chance)})`,
    })),
    {
      value: String(split.train + split.validation + split.test),
      label: `windows of real people in ${dataset}`,
    },
    { value: String(synthetic.rows), label: `synthetic rows of class ${synthetic.className}` },
  ]);
  const times = models.map(({ regime, seconds }) => `${regime} ${Math.round(seconds)} s`).join(', ');
  return page('Vigil quickstart', [
    '<h1>Vigil quickstart</h1>',
    `<p>${escapeHtml(`${dataset}, divided by ${split.by}: ${split.train} training, ${split.validation} validation and ${split.test} test rows. Trained on the ${engine} engine (${times}).`)}</p>`,
    summary,
    section(
      'Scores by class',
      'One row per class, on the test rows. Accuracy of a class is its recall. Prior correction divides the probabilities by the class shares of the training rows: it costs nothing, so whatever a generator brings has to be read beside it.',
      classTable(content),
    ),
    section(
      'Which model serves',
      `Version <strong>${escapeHtml(promoted.version)}</strong> is <code>stable</code>: ${escapeHtml(promoted.reason)}.`,
    ),
    section('Losses', 'Mean of each term over an epoch.', legend(names), charts(lossCharts(models))),
    section(
      'Validation',
      'After each epoch, on people of neither training nor test.',
      legend(names),
      charts(validationCharts(models)),
    ),
    section(
      'Confusion matrices',
      'Rows are true classes, columns the answers; counts and shares of the row.',
      confusions(models, classNames),
    ),
    section(
      'People it never saw',
      'Windows of the test people, classified through the service by the model that serves.',
      table(
        ['person', 'label', 'windows', 'right', 'share', 'most frequent answer'],
        people.map(({ person, label, windows, right, answer }) => [
          person,
          label,
          String(windows),
          String(right),
          percent(right / windows),
          answer,
        ]),
        2,
      ),
    ),
    section(
      `Real and synthetic: ${synthetic.className}`,
      `The sparsest class. Lines are medians, bands hold the middle 80 % of the rows: real training rows beside ${synthetic.rows} synthetic rows (seed ${escapeHtml(synthetic.seed)}, SHA-256 <code>${escapeHtml(synthetic.sha256)}</code>). The synthetic bands are <strong>${percent(widthShare(synthetic.channels))}</strong> as wide as the real ones: far below 100 % says that the generator draws much the same row each time.`,
      legend(['real', 'synthetic']),
      charts(synthetic.channels.map((channel) => ({ title: channel.name, svg: channelChart(channel) }))),
    ),
    `<footer>${escapeHtml(created)}</footer>`,
  ]);
}
