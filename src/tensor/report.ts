/** What the compiler and its runtime say of a program. Types alone, without tensors: the gateway prints them. */
import type { Profile } from './onnxruntime/profile.ts';

/** Where the time of a compilation went. */
export interface CompileTimes {
  readonly traceMs: number;
  /** 0 when the lowered graph came from the cache. */
  readonly passesMs: number;
  /** Lowering and serialisation; 0 when the lowered graph came from the cache. */
  readonly lowerMs: number;
  /** Hashing, reading and writing. */
  readonly cacheMs: number;
  readonly cache: 'hit' | 'miss' | 'off';
}

/** How long a program took to be ready, in milliseconds. */
export interface CompileReport extends CompileTimes {
  readonly program: string;
  /** The runtime's reading, checking and optimising of the model. */
  readonly sessionMs: number;
}

/** Nodes by kernel or op. */
export type Census = Readonly<Record<string, number>>;

export interface ProgramReport {
  readonly program: string;
  /** The graph as traced, then after each pass. */
  readonly stages: readonly { readonly name: string; readonly nodes: Census }[];
  /** ONNX nodes after lowering; the profile has them as the runtime runs them. */
  readonly lowered: Census;
  /** Of its matrix products and convolutions. */
  readonly flops: number;
  readonly compile: CompileReport;
  /** Milliseconds of a run, updates of the state included. */
  readonly medianMs: number;
  readonly fastestMs: number;
  readonly profile: Profile;
  /** Mean milliseconds of a profiled run outside the runtime: feeding, and Adam where it is no part of the graph. */
  readonly outsideMs: number;
}
