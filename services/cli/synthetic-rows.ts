/** A stream of synthetic rows, whole and checked, and as a file. */
import { createHash } from 'node:crypto';
import { writeNpz } from '../../src/data/npz.ts';
import { VigilError } from '../../src/errors.ts';
import type { Clients } from '../client/clients.ts';
import type { SynthesizeHeader, SynthesizeSummary } from '../gen/vigil/v1/synthesize_pb.ts';

export interface SyntheticRows {
  readonly header: SynthesizeHeader;
  readonly summary: SynthesizeSummary;
  /** Class of each row. */
  readonly classNames: readonly string[];
  /** `[rows, channels, steps]` */
  readonly values: Float32Array;
  /** By the names of the proto, one value per row; only those that were asked for. */
  readonly scores: Readonly<Record<string, Float32Array>>;
}

/** In the proto and in files. */
const SCORES = { dSrc: 'd_src', dCls: 'd_cls', c: 'c' } as const;

/** Collects a whole stream and checks it against the summary's hash. ARTIFACT_CORRUPT when they differ. */
export async function synthesizeRows(
  { synthesizer }: Clients,
  request: Parameters<Clients['synthesizer']['synthesize']>[0],
): Promise<SyntheticRows> {
  let header: SynthesizeHeader | undefined;
  let summary: SynthesizeSummary | undefined;
  const classNames: string[] = [];
  const parts: Buffer[] = [];
  const scores: Record<string, number[]> = {};
  for await (const { event } of synthesizer.synthesize(request)) {
    if (event.case === 'header') header = event.value;
    else if (event.case === 'summary') summary = event.value;
    else if (event.case === 'chunk') {
      const { className, samples, scores: given } = event.value;
      const rows = Number(samples!.shape[0]);
      classNames.push(...Array.from({ length: rows }, () => className));
      parts.push(Buffer.from(samples!.data.value as Uint8Array));
      for (const [field, name] of Object.entries(SCORES)) {
        const column = given?.[field as keyof typeof SCORES] ?? [];
        if (column.length === 0) continue;
        scores[name] ??= [];
        scores[name].push(...column);
      }
    }
  }
  const bytes = Buffer.concat(parts);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (!header || !summary || sha256 !== summary.sha256)
    throw new VigilError(
      'ARTIFACT_CORRUPT',
      `the rows received have SHA-256 ${sha256}, not ${summary?.sha256}`,
    );
  return {
    header,
    summary,
    classNames,
    values: new Float32Array(Uint8Array.from(bytes).buffer),
    scores: Object.fromEntries(
      Object.entries(scores).map(([name, column]) => [name, Float32Array.from(column)]),
    ),
  };
}

/** As NPZ with the keys that Vigil reads, X, y, class_names and channel_names, and one array per score. */
export function syntheticNpz(
  { header, classNames, values, scores }: SyntheticRows,
  allClasses: readonly string[],
): Uint8Array {
  const { channels, steps, channelNames } = header;
  return writeNpz({
    X: { shape: [classNames.length, channels, steps], data: values },
    y: { shape: [classNames.length], data: Int32Array.from(classNames, (name) => allClasses.indexOf(name)) },
    class_names: { shape: [allClasses.length], data: allClasses },
    channel_names: { shape: [channelNames.length], data: channelNames },
    ...Object.fromEntries(
      Object.entries(scores).map(([name, data]) => [name, { shape: [data.length], data }]),
    ),
  });
}
