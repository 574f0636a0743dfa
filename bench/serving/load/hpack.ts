/**
 * As much of HPACK (RFC 7541) as a load generator needs: a request's header block that is made once, and the status in
 * a reply's blocks. We announce a dynamic table of size 0, so that every block can be read by itself.
 */

/** Of the static table: appendix A. */
const AUTHORITY = 1;
const PATH = 4;
const METHOD_POST = 3;
const SCHEME_HTTP = 6;
const CONTENT_TYPE = 31;
const USER_AGENT = 58;
const STATUS_200 = 8;
const STATUS_LAST = 14;

/** "grpc-status" as it is, and in the Huffman code of appendix B. */
const PLAIN_NAME = Buffer.from('grpc-status');
const HUFFMAN_NAME = Buffer.from('9acac8b21234da8f', 'hex');

/** Code and length in bits of the digits, appendix B. */
const DIGITS: readonly (readonly [number, number])[] = [
  ...[0, 1, 2].map((code) => [code, 5] as const),
  ...[0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f].map((code) => [code, 6] as const),
];

/** A number's digits in Huffman code, padded with ones. */
function huffmanDigits(text: string): string {
  const bits = [...text].map((digit) => {
    const [code, length] = DIGITS[Number(digit)]!;
    return code.toString(2).padStart(length, '0');
  });
  const joined = bits.join('');
  const padded = joined.padEnd(Math.ceil(joined.length / 8) * 8, '1');
  return Buffer.from(padded.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2))).toString('hex');
}

/** The 17 codes of gRPC by their Huffman form. */
const HUFFMAN_CODES = new Map(Array.from({ length: 17 }, (_, code) => [huffmanDigits(String(code)), code]));

function integer(value: number, prefixBits: number, flags: number): number[] {
  const limit = 2 ** prefixBits - 1;
  if (value < limit) return [flags | value];
  const bytes = [flags | limit];
  let rest = value - limit;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

const string = (text: string): number[] => [...integer(text.length, 7, 0), ...Buffer.from(text)];
/** Literals without indexing, sections 6.2.2. */
const named = (index: number, value: string): number[] => [...integer(index, 4, 0), ...string(value)];
const literal = (name: string, value: string): number[] => [0, ...string(name), ...string(value)];

/** The header block of a unary call; `timeoutMs` becomes its deadline. */
export function requestBlock(authority: string, path: string, timeoutMs?: number): Buffer {
  return Buffer.from([
    0x80 | METHOD_POST,
    0x80 | SCHEME_HTTP,
    ...named(PATH, path),
    ...named(AUTHORITY, authority),
    ...named(CONTENT_TYPE, 'application/grpc'),
    ...named(USER_AGENT, 'vigil-bench'),
    ...literal('te', 'trailers'),
    ...(timeoutMs === undefined ? [] : literal('grpc-timeout', `${Math.round(timeoutMs)}m`)),
  ]);
}

/** What a block of a reply says; undefined where it says nothing of it. */
export interface ReplyStatus {
  readonly grpcStatus: number | undefined;
  /** False when `:status` is there and is not 200. */
  readonly http200: boolean;
}

class Reader {
  at = 0;
  readonly #block: Buffer;

  constructor(block: Buffer) {
    this.#block = block;
  }

  get more(): boolean {
    return this.at < this.#block.length;
  }

  peek(): number {
    return this.#block[this.at]!;
  }

  integer(prefixBits: number): number {
    const limit = 2 ** prefixBits - 1;
    let value = this.#next() & limit;
    if (value < limit) return value;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#next();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }

  string(): { huffman: boolean; bytes: Buffer } {
    const huffman = (this.peek() & 128) !== 0;
    const length = this.integer(7);
    const bytes = this.#block.subarray(this.at, this.at + length);
    if (bytes.length !== length) throw new Error('a header block ends within a string');
    this.at += length;
    return { huffman, bytes };
  }

  #next(): number {
    const byte = this.#block[this.at++];
    if (byte === undefined) throw new Error('a header block ends within a number');
    return byte;
  }
}

function codeOf({ huffman, bytes }: { huffman: boolean; bytes: Buffer }): number {
  const code = huffman ? HUFFMAN_CODES.get(bytes.toString('hex')) : Number(bytes.toString('latin1'));
  // Unknown codes are UNKNOWN, as the gRPC protocol says.
  return code === undefined || !Number.isInteger(code) ? 2 : code;
}

/** Reads one block; throws when it is not HPACK or uses a dynamic table. */
export function readReply(block: Buffer): ReplyStatus {
  const reader = new Reader(block);
  let grpcStatus: number | undefined;
  let http200 = true;
  while (reader.more) {
    const first = reader.peek();
    if (first >= 0x80) {
      const index = reader.integer(7);
      if (index === 0 || index > 61) throw new Error(`header index ${index} is in no static table`);
      if (index > STATUS_200 && index <= STATUS_LAST) http200 = false;
      continue;
    }
    if (first >= 0x20 && first < 0x40) {
      reader.integer(5);
      continue;
    }
    const index = reader.integer(first >= 0x40 ? 6 : 4);
    const name = index === 0 ? reader.string() : undefined;
    const value = reader.string();
    if (index >= STATUS_200 && index <= STATUS_LAST) http200 = false;
    if (name?.bytes.equals(name.huffman ? HUFFMAN_NAME : PLAIN_NAME)) grpcStatus = codeOf(value);
  }
  return { grpcStatus, http200 };
}
