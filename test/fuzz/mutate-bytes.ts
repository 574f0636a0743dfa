import type { Dice } from './dice.ts';

/** Bytes that were a message, damaged as a bug or an attacker would: the decoder meets them first. */
export function mutateBytes(bytes: Uint8Array, other: Uint8Array, dice: Dice): Uint8Array {
  let result = bytes;
  for (let rounds = 1 + dice.below(4); rounds > 0; rounds--) result = damage(result, other, dice);
  return result;
}

function damage(bytes: Uint8Array, other: Uint8Array, dice: Dice): Uint8Array {
  const at = dice.below(bytes.length + 1);
  switch (dice.below(7)) {
    case 0: // a bit
      return bytes.map((byte, i) => (i === at ? byte ^ (1 << dice.below(8)) : byte));
    case 1: // the end
      return bytes.subarray(0, at);
    case 2: // something in between
      return joined(bytes.subarray(0, at), dice.bytes(1 + dice.below(8)), bytes.subarray(at));
    case 3: // a piece out of it
      return joined(bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + 1 + dice.below(8))));
    case 4: // another message's end
      return joined(bytes.subarray(0, at), other.subarray(dice.below(other.length + 1)));
    case 5: // a length or number that never ends
      return joined(bytes.subarray(0, at), new Uint8Array(11).fill(0xff), bytes.subarray(at));
    default: // a piece twice
      return joined(bytes, bytes.subarray(at, at + dice.below(64)));
  }
}

const joined = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));
