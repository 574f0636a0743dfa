/** Synthetic rows as they arrive, with their values as numbers, checked against the hash at the end. */
import { createHash } from 'node:crypto';
import type {
  SynthesizeHeader,
  SynthesizeResponse,
  SynthesizeSummary,
} from '../gen/vigil/v1/synthesize_pb.ts';
import { dataLoss } from './call-error.ts';

/** Header first, then chunks, then the summary. */
export type SynthesisEvent =
  | { readonly kind: 'header'; readonly header: SynthesizeHeader }
  | {
      readonly kind: 'chunk';
      readonly className: string;
      /** Index, within the class, of the chunk's first row. */
      readonly firstRow: number;
      readonly rows: number;
      /** `[rows, channels, steps]` */
      readonly values: Float32Array;
    }
  | { readonly kind: 'summary'; readonly summary: SynthesizeSummary };

/** The events of a stream. DATA_LOSS when the bytes are not those that were sent, or the end does not come. */
export async function* readSynthesis(
  messages: AsyncIterable<SynthesizeResponse>,
): AsyncGenerator<SynthesisEvent, void, undefined> {
  const hash = createHash('sha256');
  let whole = false;
  for await (const { event } of messages) {
    if (event.case === 'header') yield { kind: 'header', header: event.value };
    else if (event.case === 'chunk') {
      const { className, firstRow, samples } = event.value;
      const bytes = samples?.data.case === 'raw' ? samples.data.value : new Uint8Array();
      hash.update(bytes);
      const rows = Number(samples?.shape[0] ?? 0);
      // A copy: the bytes are a view at any offset, which floats cannot be.
      const values = new Float32Array(Uint8Array.from(bytes).buffer);
      yield { kind: 'chunk', className, firstRow: Number(firstRow), rows, values };
    } else if (event.case === 'summary') {
      const found = hash.digest('hex');
      if (found !== event.value.sha256)
        throw dataLoss(`the rows received have SHA-256 ${found}, not ${event.value.sha256}`);
      whole = true;
      yield { kind: 'summary', summary: event.value };
    }
  }
  if (!whole) throw dataLoss('the stream of rows ended without its summary');
}
