/** An explained step as text. */
import type { ExplainedSteps } from './explain-step.ts';
import { write, writeTable } from './print.ts';

type ProgramReport = ExplainedSteps['explanation']['steps'][number];
type Census = Readonly<Record<string, number>>;

/** Nodes of the profile that are shown one by one. */
const SLOWEST = 10;

const ms = (value: number): string => value.toFixed(value < 10 ? 2 : 1);
const share = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(0)} %`;

export function writeExplanation(explained: ExplainedSteps): void {
  const { machine, request, explanation, compileMs, compileLimitMs } = explained;
  const { channels, steps, classes } = request.spec;
  const convolution = request.convolution ? `, ${request.convolution} convolutions` : '';
  write(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; ${request.threads} threads`);
  write(`${channels} x ${steps}, ${classes} classes, batch ${request.batchSize}${convolution}`);
  write(`large matrix products run at ${(explanation.productRate / 1e9).toFixed(0)} GFLOP/s here`);
  for (const step of explanation.steps) writeStep(step, explanation.productRate);
  write('');
  writeCompilation(explained);
  const limit = compileLimitMs === undefined ? '' : `; limit ${compileLimitMs} ms`;
  const verdict = compileLimitMs === undefined || compileMs < compileLimitMs ? 'ok  ' : 'FAIL';
  write('');
  write(`${verdict}  compiled in ${compileMs.toFixed(0)} ms in all${limit}`);
}

function writeStep(step: ProgramReport, productRate: number): void {
  const { program, flops, medianMs, fastestMs, profile, outsideMs, stages, lowered } = step;
  const boundMs = (1000 * flops) / productRate;
  write('');
  write(`== ${program}`);
  write(
    `${(flops / 1e6).toFixed(1)} MFLOP in matrix products and convolutions: at least ${ms(boundMs)} ms here. ` +
      `A run takes ${ms(medianMs)} ms (median; fastest ${ms(fastestMs)}), ${(medianMs / boundMs).toFixed(2)} times that.`,
  );
  write('');
  writeCensus(
    'kernel',
    stages.map(({ name, nodes }) => [name, nodes]),
  );
  write('');
  const run = Object.fromEntries(profile.ops.map(({ op, nodes }) => [op, nodes]));
  writeCensus('onnx node', [
    ['lowered', lowered],
    ['as run', run],
  ]);
  write('');
  const total = profile.runMs + outsideMs;
  const inNodes = profile.ops.reduce((sum, op) => sum + op.ms, 0);
  writeTable(
    ['time by op, profiled', 'nodes', 'ms a run', 'share'],
    [
      ...profile.ops.map(({ op, nodes, ms: took }) => [op, String(nodes), ms(took), share(took, total)]),
      ['between nodes', '', ms(profile.runMs - inNodes), share(profile.runMs - inNodes, total)],
      ['outside the graph', '', ms(outsideMs), share(outsideMs, total)],
    ],
  );
  write('');
  writeTable(
    ['slowest nodes', 'op', 'ms a run', 'share'],
    profile.nodes.slice(0, SLOWEST).map(({ name, op, ms: took }) => [name, op, ms(took), share(took, total)]),
  );
}

/** Counts by name, a column for each stage; what a stage has none of is a dot. */
function writeCensus(title: string, stages: readonly (readonly [string, Census])[]): void {
  const names = [...new Set(stages.flatMap(([, nodes]) => Object.keys(nodes)))].sort();
  const sum = (nodes: Census): number => Object.values(nodes).reduce((total, count) => total + count, 0);
  writeTable(
    [title, ...stages.map(([name]) => name)],
    [
      ...names.map((name) => [name, ...stages.map(([, nodes]) => String(nodes[name] ?? '.'))]),
      ['all', ...stages.map(([, nodes]) => String(sum(nodes)))],
    ],
  );
}

function writeCompilation({ explanation }: ExplainedSteps): void {
  const rows = [...explanation.steps.map(({ compile }) => compile), ...explanation.serving];
  writeTable(
    ['compiling, ms', 'trace', 'passes', 'lowering', 'session', 'all'],
    rows.map(({ program, traceMs, passesMs, lowerMs, sessionMs }) =>
      [
        program,
        ...[traceMs, passesMs, lowerMs, sessionMs, traceMs + passesMs + lowerMs + sessionMs].map(ms),
      ].map(String),
    ),
  );
}
