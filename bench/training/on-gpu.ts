/** Every step and pass on a GPU: our compiled steps on WebGPU beside PyTorch on CUDA, and beside ourselves on the CPU. */
import { nameOf } from '../contenders/contender.ts';
import { type Absent, type Check, checkField, openField } from '../contenders/field.ts';
import type { Pytorch } from '../contenders/install-pytorch.ts';
import { measureRounds, type Pace, type Row } from '../contenders/rounds.ts';
import { type Provenance, provenance } from '../machine.ts';
import { PAPER_SHAPE, TIMED } from './shapes.ts';

export interface GpuResult extends Provenance {
  readonly benchmark: 'gpu';
  readonly shape: string;
  readonly rounds: number;
  /** Of everybody's process on the CPU. */
  readonly threads: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly absent: readonly Absent[];
  /** Differences to onnxruntime's numbers on the CPU, before anything was timed. */
  readonly checks: readonly Check[];
  readonly rows: readonly Row[];
}

/** Throws where onnxruntime finds no GPU. */
export async function benchGpu(settings: {
  readonly threads: number;
  readonly pace: Pace;
  readonly pytorch: Pytorch;
  readonly command: string;
  readonly say: (line: string) => void;
}): Promise<GpuResult> {
  const { threads, pace, pytorch, say } = settings;
  const began = provenance(settings.command);
  const opened = await openField({ threads, shape: PAPER_SHAPE, pytorch, device: 'gpu' });
  try {
    say(`${opened.contenders.map(nameOf).join(', ')}; checking`);
    const { field, checks } = await checkField(opened);
    const { absent, versions } = field;
    say('all compute the same; timing');
    const rows = await measureRounds(field.contenders, TIMED, pace);
    const { channels, steps, classes } = PAPER_SHAPE.spec;
    return {
      benchmark: 'gpu',
      ...began,
      shape: `${channels} x ${steps}, ${classes} classes`,
      rounds: pace.rounds,
      threads,
      versions,
      absent,
      checks,
      rows,
    };
  } finally {
    await opened.close();
  }
}
