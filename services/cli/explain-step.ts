/** `vigil doctor --explain-step`: a training step as compiled, what it must cost on this machine and what it does. */
import { availableParallelism, cpus } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Config } from '../config.ts';
import { EngineHost } from '../engine/host.ts';
import type { ExplainRequest, Explanation, StepName } from '../engine/protocol.ts';
import { createLogger } from '../observability/logger.ts';
import { writeExplanation } from './explain-tables.ts';
import { remark, writeJson } from './print.ts';

const STEPS = ['discriminator', 'generator', 'classifier'] as const satisfies readonly StepName[];
const CONVOLUTIONS = [
  'blocked',
  'gathered',
  'naive',
] as const satisfies readonly ExplainRequest['convolution'][];
/** The sizes of the paper, at which compile time has a limit. */
const PAPER = { channels: 18, steps: 100, classes: 3, batch: 16 } as const;
const COMPILE_LIMIT_MS = 2000;
/** Nothing hangs: large sizes take their time. */
const PATIENCE_MS = 3_600_000;

export interface ExplainFlags {
  readonly explainStep: boolean;
  readonly step: StepName | 'all';
  readonly channels: number;
  readonly steps: number;
  readonly classes: number;
  readonly batch: number;
  readonly runs: number;
  readonly convolution?: (typeof CONVOLUTIONS)[number];
}

/** What is printed: the engine's answer, and what it was asked on. */
export interface ExplainedSteps {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  readonly request: ExplainRequest;
  readonly explanation: Explanation;
  /** Milliseconds to compile everything above: steps, and what serving runs. */
  readonly compileMs: number;
  /** Only at the paper's sizes. */
  readonly compileLimitMs?: number;
}

const count =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Allowed: an integer from ${least} to ${most}.`);
  };

export function addExplainOptions(doctor: Command): void {
  doctor
    .option('--explain-step', 'take training steps apart: passes, operations, bound, times, profile', false)
    .addOption(new Option('--step <network>', 'which').choices(['all', ...STEPS]).default('all'))
    .option('--channels <n>', 'channels of a sample', count(1, 1024), PAPER.channels)
    .option('--steps <n>', 'steps of a sample', count(1, 10_000), PAPER.steps)
    .option('--classes <n>', 'classes', count(2, 1000), PAPER.classes)
    .option('--batch <rows>', 'rows of a batch', count(1, 512), PAPER.batch)
    .option('--runs <n>', 'runs to time, and again to profile', count(1, 1000), 50)
    .addOption(new Option('--convolution <lowering>', 'how convolutions are lowered').choices(CONVOLUTIONS));
}

/** Asks an engine process of its own; prints. False when compiling took longer than it may. Errors: ENGINE_REFUSED. */
export async function explainStep(flags: ExplainFlags, config: Config, json: boolean): Promise<boolean> {
  const { channels, steps, classes, batch } = flags;
  const request: ExplainRequest = {
    steps: flags.step === 'all' ? STEPS : [flags.step],
    spec: {
      channels,
      steps,
      classes,
      latentSize: 100,
      kernelHeight: 'paper',
      generatorArchitecture: 'paper',
      classifierArchitecture: 'paper',
    },
    batchSize: batch,
    threads: config.VIGIL_ENGINE_THREADS,
    runs: flags.runs,
    convolution: flags.convolution,
  };
  remark(`compiling and running on ${request.threads} threads ...`);
  const explanation = await ask(request);
  const compiled = [...explanation.steps.map(({ compile }) => compile), ...explanation.serving];
  const compileMs = compiled.reduce(
    (sum, { traceMs, passesMs, lowerMs, sessionMs }) => sum + traceMs + passesMs + lowerMs + sessionMs,
    0,
  );
  const isPaper =
    Object.entries(PAPER).every(([name, size]) => flags[name as keyof typeof PAPER] === size) &&
    flags.convolution === undefined;
  const explained: ExplainedSteps = {
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: availableParallelism(),
      node: process.version,
    },
    request,
    explanation,
    compileMs,
    ...(isPaper ? { compileLimitMs: COMPILE_LIMIT_MS } : {}),
  };
  if (json) writeJson(explained);
  else writeExplanation(explained);
  return !isPaper || compileMs < COMPILE_LIMIT_MS;
}

async function ask(request: ExplainRequest): Promise<Explanation> {
  const host = await EngineHost.open({
    engine: 'onnxruntime',
    device: 'cpu',
    threads: request.threads,
    role: 'serve',
    log: createLogger('silent'),
    silentMs: PATIENCE_MS,
  });
  try {
    return await host.call('explain', request);
  } finally {
    await host.close();
  }
}
