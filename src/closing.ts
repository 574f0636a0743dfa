/** Closes what was opened, last in first out, once. */
export class Closer implements AsyncDisposable {
  readonly #steps: { name: string; close: () => Promise<void> | void }[] = [];
  readonly #onError: (name: string, error: unknown) => void;
  #closing: Promise<void> | undefined;

  /** `onError` hears of steps that fail; the steps after them still run. */
  constructor(onError: (name: string, error: unknown) => void = () => {}) {
    this.#onError = onError;
  }

  /** Registers a step as soon as the thing it closes exists. */
  defer(name: string, close: () => Promise<void> | void): void {
    if (this.#closing) throw new Error(`cannot register ${name}: closing has begun`);
    this.#steps.push({ name, close });
  }

  /** Every caller gets the same promise: closing happens once. */
  close(): Promise<void> {
    this.#closing ??= this.#run();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step.close();
      } catch (error) {
        this.#onError(step.name, error);
      }
    }
  }
}
