/** Connections that take turns; one that the server ends is replaced once, as clients do. */
import type { CallEnd, UnaryCall } from './unary-call.ts';
import { UnaryConnection } from './unary-connection.ts';

export class Lanes {
  readonly #address: string;
  readonly #call: UnaryCall;
  #connections: UnaryConnection[] = [];
  #turn = 0;
  #onAgain: () => void = () => {};
  #onGone: () => void = () => {};
  #closed = false;

  private constructor(address: string, call: UnaryCall) {
    this.#address = address;
    this.#call = call;
  }

  static async open(address: string, call: UnaryCall, count: number): Promise<Lanes> {
    const lanes = new Lanes(address, call);
    for (let i = 0; i < count; i++) await lanes.#add();
    return lanes;
  }

  /** Whether calls can be sent now. */
  get usable(): boolean {
    return this.#connections.length > 0;
  }

  /** Hears when a new connection has taken an old one's place. */
  onAgain(listener: () => void): void {
    this.#onAgain = listener;
  }

  /** Hears when the last connection is gone and there is no new one to be had. */
  onGone(listener: () => void): void {
    this.#onGone = listener;
  }

  /** Sends a call that was due at `due`. */
  send(end: CallEnd, due: number): void {
    const connection = this.#connections[this.#turn++ % this.#connections.length];
    if (connection) connection.send(end, due);
    else end('refused');
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#connections) connection.close();
  }

  async #add(): Promise<void> {
    const over = (ended: UnaryConnection): void => {
      this.#connections = this.#connections.filter((each) => each !== ended);
      if (this.#closed) return;
      // A server that is gone refuses: then the calls of this lane are over.
      this.#add().then(
        () => this.#onAgain(),
        () => {
          if (!this.usable) this.#onGone();
        },
      );
    };
    const connection = await UnaryConnection.open(this.#address, this.#call, over);
    if (this.#closed) connection.close();
    else this.#connections.push(connection);
  }
}
