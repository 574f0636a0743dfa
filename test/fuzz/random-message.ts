/** Messages of any type that are well formed and mean anything: what a hostile or careless caller may send. */
import { create, type DescField, type DescMessage, type Message, ScalarType } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import type { Dice } from './dice.ts';

const INTEGERS = [0, 1, -1, 2, 3, 16, 18, 64, 257, 2 ** 31 - 1, -(2 ** 31)] as const;
const LONGS = [0n, 1n, -1n, 2n, 16n, 18n, 257n, 2n ** 31n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)] as const;
const FLOATS = [0, -0, 1, 0.5, -1, 1e-40, 3e38, Number.NaN, Infinity, -Infinity] as const;
/** Deeper messages are left empty. */
const MAX_DEPTH = 6;

/** A message with a random part of its fields set. */
export function randomMessage(desc: DescMessage, dice: Dice, depth = 0): Message {
  const message = reflect(desc, create(desc));
  for (const field of desc.fields) if (dice.chance(0.6)) setRandom(message, field, dice, depth);
  return message.message as Message;
}

/** The message with one field, of it or of a message inside it, set anew or cleared. */
export function mutateMessage(desc: DescMessage, message: Message, dice: Dice, depth = 0): void {
  if (desc.fields.length === 0) return;
  const reflected = reflect(desc, message, false);
  const field = dice.pick(desc.fields);
  const inside = field.fieldKind === 'message' && reflected.isSet(field) && depth < MAX_DEPTH;
  if (inside && dice.chance(0.7)) {
    const child = (reflected.get(field) as ReflectMessage).message as Message;
    mutateMessage(field.message, child, dice, depth + 1);
    return;
  }
  if (dice.chance(0.2)) reflected.clear(field);
  else setRandom(reflected, field, dice, depth);
}

function setRandom(message: ReflectMessage, field: DescField, dice: Dice, depth: number): void {
  switch (field.fieldKind) {
    case 'scalar':
      message.set(field, scalar(field.scalar, dice));
      return;
    case 'enum':
      message.set(field, dice.chance(0.8) ? dice.pick(field.enum.values).number : dice.pick(INTEGERS));
      return;
    case 'message':
      if (depth < MAX_DEPTH)
        message.set(field, reflect(field.message, randomMessage(field.message, dice, depth + 1)));
      return;
    case 'list': {
      const list = message.get(field);
      for (let i = dice.below(5); i > 0; i--) {
        if (field.listKind === 'scalar') list.add(scalar(field.scalar, dice));
        else if (field.listKind === 'enum') list.add(dice.pick(field.enum.values).number);
        else if (depth < MAX_DEPTH)
          list.add(reflect(field.message, randomMessage(field.message, dice, depth + 1)));
      }
      return;
    }
    case 'map': {
      const map = message.get(field);
      for (let i = dice.below(4); i > 0; i--) {
        const key = scalar(field.mapKey, dice) as string;
        if (field.mapKind === 'scalar') map.set(key, scalar(field.scalar, dice));
        else if (field.mapKind === 'enum') map.set(key, dice.pick(field.enum.values).number);
        else if (depth < MAX_DEPTH)
          map.set(key, reflect(field.message, randomMessage(field.message, dice, depth + 1)));
      }
    }
  }
}

function scalar(type: ScalarType, dice: Dice): unknown {
  switch (type) {
    case ScalarType.STRING:
      return dice.word();
    case ScalarType.BYTES:
      return dice.bytes(dice.pick([0, 1, 3, 4, 64, 1152]));
    case ScalarType.BOOL:
      return dice.chance(0.5);
    case ScalarType.DOUBLE:
      return dice.pick(FLOATS);
    case ScalarType.FLOAT:
      return Math.fround(dice.pick(FLOATS));
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return dice.pick(LONGS);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return BigInt.asUintN(64, dice.pick(LONGS));
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return dice.pick(INTEGERS) >>> 0;
    default:
      return dice.pick(INTEGERS);
  }
}
