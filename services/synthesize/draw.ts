import { VigilError } from '../../src/errors.ts';
import { BLOCK } from '../../src/synthesis/blocks.ts';
import type { RowScores, ScoredRows, ScoreName } from '../../src/synthesis/row-scores.ts';
import type { Acceptance } from './acceptance.ts';

/** Rows of one class that go out together. */
export interface DrawnChunk {
  /** Index of the first row. */
  readonly firstRow: number;
  readonly rows: number;
  /** `[rows, channels, steps]` */
  readonly values: Float32Array;
  readonly scores: RowScores;
  /** Of every row, where rows were left out. */
  readonly rowIndices: readonly number[] | undefined;
  /** Rows of the class that were tried, up to the last of these. */
  readonly tried: number;
}

/** What is drawn of one class. */
export interface ClassTask {
  readonly className: string;
  readonly rows: number;
  readonly firstRow: number;
  /** Most rows of a chunk. */
  readonly chunkRows: number;
}

/** Rows `firstRow .. firstRow + rows - 1` of the class, with the scores that the plan needs. */
export type Draw = (firstRow: number, rows: number) => Promise<ScoredRows>;

/** Consecutive rows, one engine call a chunk; the next call is made when the next chunk is asked for. */
export async function* drawAll(task: ClassTask, draw: Draw): AsyncGenerator<DrawnChunk> {
  for (let done = 0; done < task.rows; done += task.chunkRows) {
    const rows = Math.min(task.chunkRows, task.rows - done);
    const firstRow = task.firstRow + done;
    const { values, scores } = await draw(firstRow, rows);
    yield { firstRow, rows, values, scores, rowIndices: undefined, tried: done + rows };
  }
}

/** Rows of one engine call while rows are tried: two of the sampler's blocks, which a call begins and ends on. */
const TRIED_AT_ONCE = 2 * BLOCK;

/**
 * The rows that reach the thresholds, in order, until there are enough. TOO_FEW_ACCEPTED, after the rows accepted so far,
 * when `rows * maxTries` rows were not enough. `onRejected` hears of every row that did not.
 */
export async function* drawAccepted(
  task: ClassTask,
  { thresholds, maxTries }: Acceptance,
  draw: Draw,
  onRejected: () => void,
): AsyncGenerator<DrawnChunk> {
  const limits = Object.entries(thresholds) as [ScoreName, number][];
  const mostTries = task.rows * maxTries;
  let kept = new Kept();
  let accepted = 0;
  let tried = 0;
  while (accepted < task.rows) {
    if (tried === mostTries) {
      if (kept.rows > 0) yield kept.chunk(tried);
      throw tooFew(task, accepted, tried, maxTries);
    }
    const firstRow = task.firstRow + tried;
    const rows = Math.min(TRIED_AT_ONCE - (firstRow % BLOCK), mostTries - tried);
    const drawn = await draw(firstRow, rows);
    const passes = (row: number): boolean =>
      limits.every(([name, least]) => drawn.scores[name]![row]! >= least);
    for (let row = 0; row < rows && accepted < task.rows; row++) {
      tried += 1;
      if (!passes(row)) {
        onRejected();
        continue;
      }
      accepted += 1;
      kept.add(drawn, row, rows, firstRow + row);
      if (kept.rows === task.chunkRows || accepted === task.rows) {
        yield kept.chunk(tried);
        kept = new Kept();
      }
    }
  }
}

/** Accepted rows that have not gone out. */
class Kept {
  readonly #indices: number[] = [];
  readonly #values: Float32Array[] = [];
  readonly #scores: Partial<Record<ScoreName, number[]>> = {};

  get rows(): number {
    return this.#indices.length;
  }

  add({ values, scores }: ScoredRows, row: number, rows: number, index: number): void {
    const size = values.length / rows;
    this.#indices.push(index);
    // Copied: a row of a hundred must not keep the other ninety-nine.
    this.#values.push(values.slice(row * size, (row + 1) * size));
    for (const [name, column] of Object.entries(scores) as [ScoreName, Float32Array][]) {
      this.#scores[name] ??= [];
      this.#scores[name].push(column[row]!);
    }
  }

  chunk(tried: number): DrawnChunk {
    const size = this.#values[0]!.length;
    const values = new Float32Array(this.rows * size);
    this.#values.forEach((row, at) => {
      values.set(row, at * size);
    });
    const scores = Object.fromEntries(
      Object.entries(this.#scores).map(([name, column]) => [name, Float32Array.from(column)]),
    );
    const [firstRow] = this.#indices as [number];
    return { firstRow, rows: this.rows, values, scores, rowIndices: this.#indices, tried };
  }
}

function tooFew(
  { className, rows }: ClassTask,
  accepted: number,
  tried: number,
  maxTries: number,
): VigilError {
  const found = `class ${className}: ${accepted} of ${rows} rows accepted after ${tried} were tried, ${maxTries} for each`;
  const message = `${found}; allowed: thresholds that more rows reach, or a larger accept.max_tries`;
  const metadata = { class: className, wanted: rows, accepted, tried };
  const texts = Object.entries(metadata).map(([name, value]) => [name, String(value)]);
  return new VigilError('TOO_FEW_ACCEPTED', message, { metadata: Object.fromEntries(texts) });
}
