import type { Entry } from './request.ts';

/** Rows `from` to `from + rows` of a request, in one batch. */
export interface Part<T> {
  readonly entry: Entry<T>;
  /** The entry's attempt that took them. */
  readonly attempt: number;
  readonly from: number;
  readonly rows: number;
}

export interface Batch<T> {
  readonly key: string;
  readonly parts: readonly Part<T>[];
  readonly rows: number;
  /** Its request shares no engine run with others. */
  readonly alone: boolean;
}

/** The parts' rows, where they lie. */
export function rowsOf<T>({ parts }: Batch<T>): Float32Array[] {
  return parts.map(({ entry: { request }, from, rows }) => {
    if (rows === request.rows) return request.values;
    const size = request.values.length / request.rows;
    return request.values.subarray(from * size, (from + rows) * size);
  });
}

/** Gives each part its rows of the result; returns the requests whose rows are all answered now. */
export function shareResult<T>({ parts, rows }: Batch<T>, result: Float32Array): Entry<T>[] {
  const width = result.length / rows;
  const complete: Entry<T>[] = [];
  let at = 0;
  for (const { entry, attempt, from, rows: count } of parts) {
    const share = result.subarray(at, at + count * width);
    at += count * width;
    if (entry.settled || entry.attempt !== attempt) continue;
    const { rows: asked, columns = width } = entry.request;
    entry.result ??= new Float32Array(asked * columns);
    if (columns === width) entry.result.set(share, from * width);
    else
      for (let row = 0; row < count; row++)
        entry.result.set(share.subarray(row * width, row * width + columns), (from + row) * columns);
    entry.answered += count;
    if (entry.answered === entry.request.rows) complete.push(entry);
  }
  return complete;
}
