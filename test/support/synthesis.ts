/** What a Synthesize stream brings, row by row. */

import type { Clients } from '../../services/client/clients.ts';
import type { SynthesizeHeader, SynthesizeSummary } from '../../services/gen/vigil/v1/synthesize_pb.ts';

export type SynthesizeInit = Parameters<Clients['synthesizer']['synthesize']>[0];

/** Rows of one class, in order; columns that did not come are empty. */
export interface ReceivedRows {
  readonly bytes: Buffer[];
  readonly dSrc: number[];
  readonly dCls: number[];
  readonly c: number[];
  readonly indices: number[];
}

export interface Received {
  readonly header: SynthesizeHeader | undefined;
  readonly summary: SynthesizeSummary | undefined;
  readonly rows: Readonly<Record<string, ReceivedRows>>;
  readonly chunkRows: readonly number[];
  /** What the stream ended with, when it failed. */
  readonly error: unknown;
}

export async function receiveRows({ synthesizer }: Clients, request: SynthesizeInit): Promise<Received> {
  let header: SynthesizeHeader | undefined;
  let summary: SynthesizeSummary | undefined;
  let error: unknown;
  const rows: Record<string, ReceivedRows> = {};
  const chunkRows: number[] = [];
  try {
    for await (const { event } of synthesizer.synthesize(request)) {
      if (event.case === 'header') header = event.value;
      else if (event.case === 'summary') summary = event.value;
      else if (event.case === 'chunk') {
        const { className, samples, scores, rowIndices } = event.value;
        rows[className] ??= { bytes: [], dSrc: [], dCls: [], c: [], indices: [] };
        const of = rows[className];
        const bytes = Buffer.from(samples!.data.value as Uint8Array);
        const count = Number(samples!.shape[0]);
        const size = bytes.length / count;
        chunkRows.push(count);
        for (let row = 0; row < count; row++) of.bytes.push(bytes.subarray(row * size, (row + 1) * size));
        for (const name of ['dSrc', 'dCls', 'c'] as const) of[name].push(...(scores?.[name] ?? []));
        of.indices.push(...rowIndices.map(Number));
      }
    }
  } catch (thrown) {
    error = thrown;
  }
  return { header, summary, rows, chunkRows, error };
}
