/** The field of contenders: opened, checked against one another, closed again. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareResults, type Differences } from '../training/compare.ts';
import { type Contender, type Device, type Identity, nameOf } from './contender.ts';
import type { Pytorch } from './install-pytorch.ts';
import { openOurs, openPytorch, VARIANTS, type Variant } from './open.ts';
import type { Shape } from './protocol.ts';

/** Who takes no part, and why. */
export interface Absent {
  readonly who: string;
  readonly reason: string;
}

export interface Field {
  readonly contenders: readonly Contender[];
  readonly absent: readonly Absent[];
  /** By engine. */
  readonly versions: Readonly<Record<string, string>>;
  /** Ends all processes. */
  close(): Promise<void>;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export interface FieldSettings {
  readonly threads: number;
  readonly shape: Shape;
  readonly pytorch: Pytorch;
  readonly variants?: readonly Variant[];
  /** On a GPU the field has onnxruntime on the CPU too, which the others are held to. Default: the CPU. */
  readonly device?: Device;
}

/** Opens all that can run here. onnxruntime must, on the device that is asked for; the caller closes. */
export async function openField({
  threads,
  shape,
  pytorch,
  variants = VARIANTS,
  device = 'cpu',
}: FieldSettings): Promise<Field> {
  const contenders: Contender[] = [];
  const absent: Absent[] = [];
  const versions: Record<string, string> = {};
  const enter = async (contender: Contender): Promise<void> => {
    try {
      const { version } = await contender.ask('open', shape);
      versions[contender.engine] = version;
      contenders.push(contender);
    } catch (error) {
      await contender.close();
      if (contender.engine === 'onnxruntime') throw error;
      absent.push({ who: nameOf(contender), reason: firstReason(messageOf(error)) });
    }
  };
  await enter(openOurs('onnxruntime', threads));
  if (device === 'gpu') await enter(openOurs('onnxruntime', threads, device));
  await enter(openOurs('tensorflow', threads, device));
  if ('missing' in pytorch) absent.push({ who: 'pytorch', reason: pytorch.missing });
  else for (const variant of variants) await enter(openPytorch(pytorch.python, variant, threads, device));
  return {
    contenders,
    absent,
    versions,
    close: async () => {
      for (const contender of contenders) await contender.close();
    },
  };
}

/** The line that says what went wrong, of a dead process's last words. */
function firstReason(message: string): string {
  const lines = message.split('\n').map((line) => line.trim());
  return lines.find((line) => /Error: /.test(line))?.replace(/^.*Error: /, '') ?? lines[0]!;
}

export interface Check extends Identity, Differences {}

/**
 * Holds every contender to onnxruntime's numbers: each step once, same weights, same inputs. One that cannot run leaves the field
 * (`torch.compile` needs a C++ compiler). Throws when one computes something else, so that a wrong peer is never beaten.
 */
export async function checkField(field: Field): Promise<{ field: Field; checks: Check[] }> {
  const directory = await mkdtemp(join(tmpdir(), 'vigil-bench-'));
  try {
    const case_ = join(directory, 'case.safetensors');
    const file = (contender: Contender): string => join(directory, `${nameOf(contender)}.safetensors`);
    const [ours, ...others] = field.contenders as [Contender, ...Contender[]];
    await ours.ask('case', { case: case_ });
    await ours.ask('check', { case: case_, results: file(ours) });
    const contenders = [ours];
    const absent = [...field.absent];
    const checks: Check[] = [];
    for (const other of others) {
      const { engine, threads, device, variant } = other;
      try {
        await other.ask('check', { case: case_, results: file(other) });
      } catch (error) {
        absent.push({ who: nameOf(other), reason: firstReason(messageOf(error)) });
        await other.close();
        continue;
      }
      try {
        const identity = { engine, threads, device, ...(variant === undefined ? {} : { variant }) };
        checks.push({ ...identity, ...(await compareResults(file(ours), file(other))) });
      } catch (cause) {
        throw new Error(`${nameOf(other)} computes something else: ${messageOf(cause)}`, { cause });
      }
      contenders.push(other);
    }
    return { field: { ...field, contenders, absent }, checks };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
