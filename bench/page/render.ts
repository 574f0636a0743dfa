/** docs/performance.md from the results: nothing on that page is written by hand. */
import type { EpochResult } from '../epoch.ts';
import type { ScalingResult } from '../scaling.ts';
import { AXES } from '../scaling.ts';
import type { ServingResult } from '../serving/serving.ts';
import type { GpuResult } from '../training/on-gpu.ts';
import type { TrainingResult } from '../training/training.ts';
import { gpuSection } from './gpu-section.ts';
import { milliseconds, notMeasured, percent, standsOn, table } from './markdown.ts';
import { servingSection } from './serving-section.ts';
import { trainingSection } from './training-section.ts';

export interface Results {
  readonly training: TrainingResult | undefined;
  readonly gpu: GpuResult | undefined;
  readonly epoch: EpochResult | undefined;
  readonly scaling: ScalingResult | undefined;
  readonly serving: ServingResult | undefined;
}

const INTRODUCTION = `# Performance

Generated from \`bench/results/*.json\` by \`npm run bench -- page\`; a test holds it to them. Measure it again on your machine: \`npm run bench -- training\`, \`serving\`, \`epoch\`, \`scaling\`, \`gpu\`. The first two install PyTorch (some 4 GB) and other model servers (some 2 GB) below \`~/.cache/vigil-bench\`, or say why they cannot.

Figures are of one machine and one day; ratios hold better. In the sections about training every contender is a process of its own with the same number of threads, idle while others run; all take turns in every round, so that whatever else the machine does hits all alike. Threads that wait sleep instead of spinning, everybody's. Inputs are made inside the timed region, as a training loop makes them: batches gathered, noise and dropout masks drawn, losses read.

PyTorch is written three ways (\`bench/peers\`): *plain*, as people write it; *tuned*, eagerly and as its best user would (fused Adam, features last, frozen networks without gradients, one pass of D over real and synthetic rows, dropout from random bytes, denormals flushed, freed memory kept); *compiled*, the same through \`torch.compile\`. Ratios are to the best of them.`;

function epochSection(result: EpochResult | undefined): string {
  if (!result) return `## An epoch through the service\n\n${notMeasured('epoch')}`;
  const rows = result.epochs.map(
    ({ epoch, iterations, wallSeconds, engineSeconds, outsideShare, millisecondsPerIteration }) => [
      String(epoch),
      String(iterations),
      wallSeconds.toFixed(1),
      engineSeconds.toFixed(1),
      percent(outsideShare),
      milliseconds(millisecondsPerIteration),
    ],
  );
  const last = result.epochs.at(-1)!;
  return [
    '## An epoch through the service',
    `\`${result.regime}\` on \`${result.dataset}\`, a built server, Train over gRPC, ${result.engine}. ${standsOn(result)}`,
    table(['epoch', 'iterations', 'seconds', 'in the engine', 'outside', 'ms per iteration'], rows),
    `An epoch lasts from one epoch's record to the next as the client sees them, validation, checkpoint and progress included. "In the engine" is the time inside the programs' runs (\`vigil_training_compute_seconds_total\`); outside are inputs, compilation (first epoch), checkpoints and the service. The last epoch is what a long run is made of: ${percent(last.outsideShare)} outside, goal ${percent(result.goal)}: ${result.met ? 'met' : '**not met**'}.`,
  ].join('\n\n');
}

function scalingSection(result: ScalingResult | undefined): string {
  if (!result) return `## How the joint iteration grows\n\n${notMeasured('scaling')}`;
  const { rows } = result;
  const tables = (Object.keys(AXES) as (keyof typeof AXES)[])
    .filter((axis) => rows.some((row) => row.axis === axis))
    .map((axis) => {
      const values = [...new Set(rows.filter((row) => row.axis === axis).map(({ value }) => value))];
      const cells = values.map((value) => {
        const at = (engine: string) =>
          rows.find((row) => row.axis === axis && row.value === value && row.engine === engine);
        const [ours, peer] = [at('onnxruntime')!, at('pytorch')];
        return [
          String(value),
          String(Math.round(ours.megaflops)),
          milliseconds(ours.medianMs),
          peer ? milliseconds(peer.medianMs) : '',
          peer ? (ours.medianMs / peer.medianMs).toFixed(2) : '',
          ((1000 * ours.batch) / ours.medianMs).toFixed(0),
        ];
      });
      return table([axis, 'MFLOP', 'onnxruntime ms', 'PyTorch tuned ms', 'ratio', 'rows/s'], cells);
    });
  return [
    '## How the joint iteration grows',
    `From 18 x 100, 3 classes, batch 16, one size at a time; ${result.threads} thread${result.threads > 1 ? 's' : ''}, medians. ${standsOn(result, result.versions)}`,
    ...tables,
  ].join('\n\n');
}

export const renderPage = ({ training, gpu, epoch, scaling, serving }: Results): string =>
  `${[
    INTRODUCTION,
    servingSection(serving),
    trainingSection(training),
    epochSection(epoch),
    scalingSection(scaling),
    gpuSection(gpu),
  ].join('\n\n')}\n`;
