/** A program, taken apart: what the compiler made of it, what it must cost, what it does cost, and where. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { type CompileOptions, compileProgram, passesFor } from '../compile/compile.ts';
import { flopsOf } from '../compile/flops.ts';
import type { Graph } from '../compile/graph.ts';
import { trace } from '../compile/trace.ts';
import type { Arrays, Executable, Program } from '../engine.ts';
import type { Census, ProgramReport } from '../report.ts';
import { optionsFor } from './engine.ts';
import { OnnxruntimeExecutable } from './executable.ts';
import { type Profile, parseProfile } from './profile.ts';
import { sessionOptions } from './session-options.ts';
import { OnnxruntimeState } from './state.ts';

export interface ExplainSettings {
  /** Threads within one node, at least 1. */
  readonly threads: number;
  /** Runs that are timed, and again that are profiled. At least 1. */
  readonly runs: number;
  /** How programs are lowered, where not as usual. */
  readonly compile?: Partial<CompileOptions>;
}

const WARM_UP = 5;

/** `state` has a value for all that the program reads; `inputs` are the same in every run. */
export async function explainProgram(
  program: Program,
  state: Arrays,
  inputs: Arrays,
  { threads, runs, compile }: ExplainSettings,
): Promise<ProgramReport> {
  const options = await optionsFor(compile ? { compile } : {});
  const values = new OnnxruntimeState(program.state, state);
  const { graph, times } = await compileProgram(program, options);
  const began = performance.now();
  const session = await ort.InferenceSession.create(graph.model, sessionOptions(threads));
  const sessionMs = performance.now() - began;
  const executable = new OnnxruntimeExecutable(program, graph, session, values);
  const timed = (await timeRuns(executable, inputs, runs)).sort((a, b) => a - b);
  await executable.dispose();

  const { profile, wallMs } = await profiled(async (directory) => {
    const profiling = await ort.InferenceSession.create(graph.model, {
      ...sessionOptions(threads),
      enableProfiling: true,
      profileFilePrefix: join(directory, 'profile'),
    });
    const watched = new OnnxruntimeExecutable(program, graph, profiling, values);
    const walls = await timeRuns(watched, inputs, runs);
    profiling.endProfiling();
    await watched.dispose();
    return walls.reduce((sum, ms) => sum + ms, 0) / walls.length;
  });
  values.dispose();
  const { stages, last } = stagesOf(program, options);
  return {
    program: program.name,
    stages,
    lowered: Object.fromEntries(graph.nodes),
    flops: flopsOf(last),
    compile: { program: program.name, ...times, sessionMs },
    medianMs: timed[Math.floor(timed.length / 2)]!,
    fastestMs: timed[0]!,
    profile,
    outsideMs: Math.max(0, wallMs - profile.runMs),
  };
}

/** Milliseconds of each run after the warm-up. */
async function timeRuns(executable: Executable, inputs: Arrays, runs: number): Promise<number[]> {
  for (let i = 0; i < WARM_UP; i++) await executable.run(inputs);
  const walls: number[] = [];
  for (let i = 0; i < runs; i++) {
    const began = performance.now();
    await executable.run(inputs);
    walls.push(performance.now() - began);
  }
  return walls;
}

/** Gives `work` a directory for the profile and reads what it left there. */
async function profiled(
  work: (directory: string) => Promise<number>,
): Promise<{ profile: Profile; wallMs: number }> {
  const directory = await mkdtemp(join(tmpdir(), 'vigil-profile-'));
  try {
    const wallMs = await work(directory);
    const [file] = await readdir(directory);
    if (!file) throw new Error(`onnxruntime wrote no profile to ${directory}`);
    return { wallMs, profile: parseProfile(await readFile(join(directory, file), 'utf8'), WARM_UP) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function stagesOf(
  program: Program,
  options: CompileOptions,
): { stages: ProgramReport['stages']; last: Graph } {
  let graph = trace(program);
  const stages = [{ name: 'trace', nodes: censusOf(graph) }];
  for (const pass of passesFor(options)) {
    graph = pass.run(graph);
    stages.push({ name: pass.name, nodes: censusOf(graph) });
  }
  return { stages, last: graph };
}

function censusOf({ nodes }: Graph): Census {
  const census: Record<string, number> = {};
  for (const { kernel } of nodes) census[kernel] = (census[kernel] ?? 0) + 1;
  return census;
}
