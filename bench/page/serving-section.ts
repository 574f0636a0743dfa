import { type PeerVerdict, peerVerdicts } from '../serving/goals.ts';
import type { RateRow } from '../serving/rates.ts';
import { type Finding, isMet, SCENARIO_NAMES, type ScenarioResult } from '../serving/scenarios/scenario.ts';
import type { RatesResult, ServingResult } from '../serving/serving.ts';
import { milliseconds, notMeasured, standsOn, table } from './markdown.ts';

/** pytriton carries Triton's own front, and runs the model through its Python backend: that stands wherever its name does. */
const TITLES: Readonly<Record<string, string>> = {
  vigil: 'Vigil',
  noop: 'no-op',
  triton: 'Triton (Python backend)',
  mlserver: 'MLServer',
  kserve: 'KServe',
};

const verdict = (met: boolean): string => (met ? 'met' : '**not met**');

function ratesTable(rows: readonly RateRow[]): string {
  const columns = [...new Map(rows.map((row) => [`${row.server} ${row.method}`, row])).values()];
  const counts = [...new Set(rows.map(({ inFlight }) => inFlight))];
  const lines = counts.map((inFlight) => [
    String(inFlight),
    ...columns.map(({ server, method }) => {
      const row = rows.find(
        (each) => each.server === server && each.method === method && each.inFlight === inFlight,
      );
      if (!row) return '';
      const errors = row.errors === 0 ? '' : `, ${row.errors} errors`;
      return `${Math.round(row.rps)} (${milliseconds(row.p50Ms)}, ${milliseconds(row.p99Ms)}${errors})`;
    }),
  ]);
  const titles = columns.map(({ server, method }) => `${TITLES[server]} ${method}`);
  return table(['in flight: a second (p50, p99 ms)', ...titles], lines);
}

function verdictsTable(verdicts: readonly PeerVerdict[]): string {
  return table(
    ['Vigil beside', 'in flight', 'times its rate', 'goal', 'p99 ms', 'its p99 ms', 'verdict'],
    verdicts.map(({ peer, inFlight, ratio, least, ourP99Ms, theirP99Ms, met }) => [
      TITLES[peer]!,
      String(inFlight),
      ratio.toFixed(2),
      least.toFixed(1),
      milliseconds(ourP99Ms),
      milliseconds(theirP99Ms),
      verdict(met),
    ]),
  );
}

function ceilingText({ ceiling }: RatesResult): string[] {
  if (!ceiling) return [];
  const { rps, rpsOfOneCore, inFlight, h2load } = ceiling;
  const other =
    'rps' in h2load
      ? `nghttp2's h2load gets ${Math.round(h2load.rps)} in its place`
      : `nghttp2's h2load was not asked: ${h2load.missing}`;
  return [
    `The load generator is a process of its own that shares the machine: ${Math.round(rps)} calls a second to the no-op at ${inFlight} in flight, ${Math.round(rpsOfOneCore)} by its own processor time; ${other}.`,
  ];
}

function ratesText(rates: RatesResult, rows: readonly RateRow[]): string[] {
  const { threads, pace, missing } = rates;
  const verdicts = peerVerdicts(rows);
  const classify = !rows.some(({ server, method }) => server === 'vigil' && method === 'ModelInfer');
  const absent = missing.map(
    ({ server, method, reason }) => `${TITLES[server]}${method ? ` (${method})` : ''}: ${reason}`,
  );
  return [
    `One row of 18 x 100 a call (7.2 kB), the paper's classifier, ${threads} engine thread${threads > 1 ? 's' : ''} each; peers run the exported ONNX file in onnxruntime without spinning. One connection, always so many calls in flight, ${pace.measureMs / 1000} s after ${pace.warmUpMs / 1000} s of warm-up, ${pace.rounds} round${pace.rounds > 1 ? 's' : ''} in which everybody takes turns; medians. ${standsOn(rates, rates.versions)}`,
    ratesTable(rows),
    ...ceilingText(rates),
    ...(verdicts.length > 0
      ? [
          `Goals ask for the rate and for a lower p99.${classify ? ' Vigil was called by Classify, the others by ModelInfer.' : ''} Triton is what pytriton carries: its own server, the model in its Python backend.`,
          verdictsTable(verdicts),
        ]
      : []),
    ...(absent.length > 0 ? [`Not there: ${absent.join('; ')}.`] : []),
  ];
}

function withUnit({ found, unit }: Finding): string {
  const text = unit === 'ms' ? milliseconds(found) : String(found);
  return {
    share: text,
    times: text,
    count: text,
    ms: `${text} ms`,
    'per second': `${text}/s`,
    MiB: `${text} MiB`,
  }[unit];
}

function scenarioText(result: ScenarioResult): string[] {
  const rows = result.findings.map((finding) => {
    const { goal } = finding;
    const met = isMet(finding);
    const asked = goal ? ('least' in goal ? `at least ${goal.least}` : `at most ${goal.most}`) : '';
    return [finding.what, withUnit(finding), asked, met === undefined ? '' : verdict(met)];
  });
  return [
    `### ${result.title}`,
    `${result.how} ${standsOn(result)}`,
    table(['', 'found', 'goal', 'verdict'], rows),
  ];
}

export function servingSection(result: ServingResult | undefined): string {
  const title = '## Serving';
  if (!result) return `${title}\n\n${notMeasured('serving --scenarios all')}`;
  const { rates, rows = [], scenarios = {} } = result;
  return [
    title,
    ...(rates ? ratesText(rates, rows) : [notMeasured('serving')]),
    ...SCENARIO_NAMES.flatMap((name) => {
      const found = scenarios[name];
      return found ? scenarioText(found) : [];
    }),
  ].join('\n\n');
}
