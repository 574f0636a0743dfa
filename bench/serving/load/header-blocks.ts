import { contentOf, FLAG, FRAME, type Frame } from './http2-frames.ts';

/** Puts header blocks together from HEADERS and CONTINUATION frames (RFC 9113, section 4.3). */
export class HeaderBlocks {
  readonly #onBlock: (stream: number, block: Buffer, endStream: boolean) => void;
  #open: { stream: number; endStream: boolean; parts: Buffer[] } | undefined;

  constructor(onBlock: (stream: number, block: Buffer, endStream: boolean) => void) {
    this.#onBlock = onBlock;
  }

  read(frame: Frame): void {
    const { type, flags, stream } = frame;
    if (type === FRAME.headers)
      this.#open = { stream, endStream: (flags & FLAG.endStream) !== 0, parts: [contentOf(frame)] };
    else this.#open?.parts.push(frame.payload);
    if (!this.#open || !(flags & FLAG.endHeaders)) return;
    const { parts, endStream } = this.#open;
    this.#open = undefined;
    this.#onBlock(stream, parts.length === 1 ? parts[0]! : Buffer.concat(parts), endStream);
  }
}
