import { integerAt, randomKey, uniformAt } from '../../src/random.ts';

/** Names as every server has them, names that only look so, and what careless code stumbles over. */
const WORDS = [
  '',
  'stable',
  'candidate',
  'liveness',
  '1',
  '2',
  '0',
  '-1',
  '99999999999999999999',
  'alert',
  'slightly_drowsy',
  'runs/1',
  'operations/x',
  'datasets/a',
  'simulated:small?rows=60&steps=16',
  'simulated:nothing',
  'simulated:small?rows=1e9',
  'example:uta-rldd-blinks',
  '../../etc/passwd',
  'a/../b',
  '\u0000',
  '\ud83d\ude00',
  '%s%n',
  '__proto__',
  'constructor',
  'samples',
  'probabilities',
  'FP32',
  'BYTES',
  'classifier_only',
  'joint_scratch',
  'x'.repeat(70),
  'x'.repeat(5000),
] as const;

/** Numbers, words and choices that depend on the seed and on how many were drawn before. */
export class Dice {
  readonly #key;
  readonly #words: readonly string[];
  #at = 0;

  /** `names` are those of the server at hand: of its runs, for example. */
  constructor(seed: number, message: number, names: readonly string[]) {
    this.#key = randomKey(seed, 'fuzz', message);
    this.#words = [...WORDS, ...names];
  }

  /** 0 to bound - 1. */
  below(bound: number): number {
    return integerAt(this.#key, this.#at++, bound);
  }

  /** True with this chance. */
  chance(share: number): boolean {
    return uniformAt(this.#key, this.#at++) < share;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  word(): string {
    return this.pick(this.#words);
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}
