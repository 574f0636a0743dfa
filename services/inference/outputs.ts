/** What may come out of a model: its tensors, and their bytes. */
import { topClass } from '../../src/evaluation/metrics.ts';

/** `probabilities` and `logits` are `[rows, classes]`. */
export interface Answers {
  readonly rows: number;
  readonly classNames: readonly string[];
  readonly probabilities: Float32Array;
  /** Divided by the version's temperature. */
  readonly logits: Float32Array;
}

export interface OutputTensor {
  readonly datatype: 'FP32' | 'INT64' | 'BYTES';
  /** Elements a row. */
  readonly width: (classes: number) => number;
  /** Little-endian bytes of all rows. */
  readonly bytes: (answers: Answers) => Uint8Array;
}

export const OUTPUTS = {
  probabilities: {
    datatype: 'FP32',
    width: (classes) => classes,
    bytes: ({ probabilities }) => bytesOf(probabilities),
  },
  logits: {
    datatype: 'FP32',
    width: (classes) => classes,
    bytes: ({ logits }) => bytesOf(logits),
  },
  top_class: {
    datatype: 'INT64',
    width: () => 1,
    bytes: (answers) => new Uint8Array(BigInt64Array.from(topClasses(answers), BigInt).buffer),
  },
  top_class_name: {
    datatype: 'BYTES',
    width: () => 1,
    bytes: (answers) => textBytes(topClasses(answers).map((best) => answers.classNames[best]!)),
  },
} as const satisfies Record<string, OutputTensor>;

export type OutputName = keyof typeof OUTPUTS;

/** Asked for when a request names no output. */
export const DEFAULT_OUTPUT: OutputName = 'probabilities';

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** The class of each row with the highest probability. */
export function topClasses({ rows, classNames, probabilities }: Answers): number[] {
  return Array.from({ length: rows }, (_, row) => topClass(probabilities, row, classNames.length));
}

/** Triton's classification extension: the `k` most probable classes of each row, "probability:index:name". */
export function classification(k: number): OutputTensor {
  return {
    datatype: 'BYTES',
    width: () => k,
    bytes: ({ rows, classNames, probabilities }) => {
      const classes = classNames.length;
      const texts = Array.from({ length: rows }, (_, row) => {
        const of = (index: number): number => probabilities[row * classes + index]!;
        // Sorting is stable: of equal classes the first comes first, as for `top_class`.
        const ranked = classNames.map((_, index) => index).sort((a, b) => of(b) - of(a));
        return ranked.slice(0, k).map((index) => `${of(index).toFixed(6)}:${index}:${classNames[index]}`);
      });
      return textBytes(texts.flat());
    },
  };
}

/** Each text as its length in bytes (uint32, little-endian) and its UTF-8 bytes. */
function textBytes(texts: readonly string[]): Uint8Array {
  const parts = texts.flatMap((text) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(Buffer.byteLength(text));
    return [length, Buffer.from(text)];
  });
  return Buffer.concat(parts);
}
