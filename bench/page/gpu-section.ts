import { nameOf } from '../contenders/contender.ts';
import type { Row } from '../contenders/rounds.ts';
import type { GpuResult } from '../training/on-gpu.ts';
import { ratioOf } from '../training/verdicts.ts';
import { milliseconds, notMeasured, standsOn, table } from './markdown.ts';

/** Jobs down, contenders across; the last columns are what WebGPU takes of PyTorch's time and of our own on the CPU. */
function timesTable({ rows }: GpuResult): string {
  const jobOf = ({ work, batch }: Row): string => `${work}, ${batch} row${batch > 1 ? 's' : ''}`;
  const names = [...new Set(rows.map(nameOf))];
  const isOurs = ({ engine, device }: Row, on: 'cpu' | 'gpu'): boolean =>
    engine === 'onnxruntime' && device === on;
  const lines = [...new Set(rows.map(jobOf))].map((job) => {
    const found = rows.filter((row) => jobOf(row) === job);
    const ours = found.find((row) => isOurs(row, 'gpu'))!;
    const onCpu = found.find((row) => isOurs(row, 'cpu'))!;
    return [
      job,
      ...names.map((name) => {
        const row = found.find((each) => nameOf(each) === name);
        return row ? milliseconds(row.medianMs) : '';
      }),
      ratioOf(rows, ours)?.toFixed(2) ?? '',
      (ours.medianMs / onCpu.medianMs).toFixed(2),
    ];
  });
  return table(['ms, median', ...names, "WebGPU / PyTorch's best", 'WebGPU / our CPU'], lines);
}

export function gpuSection(result: GpuResult | undefined): string {
  if (!result) return `## On a GPU\n\n${notMeasured('gpu')}`;
  const largest = (kind: 'loss' | 'gradient' | 'change'): string =>
    Math.max(0, ...result.checks.map((check) => check[kind])).toExponential(0);
  return [
    '## On a GPU',
    `${result.shape}, batch 16, ${result.threads} threads on the CPU: \`onnxruntime\` on WebGPU (\`VIGIL_ENGINE=onnxruntime VIGIL_ENGINE_DEVICE=gpu\`) beside PyTorch on CUDA in single precision, and beside \`onnxruntime\` on the CPU. ${standsOn(result, result.versions)}`,
    ...result.absent.map(({ who, reason }) => `${who} took no part: ${reason}.`),
    timesTable(result),
    `Before anything was timed, everybody ran every step from the same weights on the same inputs as \`onnxruntime\` on the CPU: losses agree to ${largest('loss')}, gradients to ${largest('gradient')}, changes of weights to ${largest('change')}. Steps of 16 rows leave a GPU idle: what is timed is the number of kernels that are launched and, on WebGPU, the weights and gradients that cross the bus in every step. So WebGPU pays for forward passes of many rows, and a training belongs on the CPU or on CUDA.`,
  ].join('\n\n');
}
