import { type DescMethod, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { Client } from '@grpc/grpc-js';
import { ErrorInfoSchema } from '../../services/gen/google/rpc/error_details_pb.ts';
import { StatusSchema } from '../../services/gen/google/rpc/status_pb.ts';
import { ERRORS } from '../../src/errors.ts';
import { Dice } from './dice.ts';
import { mutateBytes } from './mutate-bytes.ts';
import { mutateMessage, randomMessage } from './random-message.ts';
import { type Ending, rawCall } from './raw-call.ts';
import { seedOf } from './seeds.ts';

export interface Finding {
  readonly method: string;
  readonly ending: Ending;
  readonly why: string;
  /** Hex, to send again. */
  readonly messages: readonly string[];
}

export interface CampaignReport {
  readonly messages: number;
  readonly calls: number;
  /** Method → status → calls. */
  readonly endings: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly findings: readonly Finding[];
}

export interface Campaign {
  readonly client: Client;
  readonly methods: readonly DescMethod[];
  /** That get past the first check of a name. */
  readonly names: readonly string[];
  readonly seed: number;
  /** First and last message to send of the seed's endless sequence. */
  readonly from: number;
  readonly to: number;
}

/** Method → status → calls. */
export class Endings {
  readonly counts: Record<string, Record<string, number>> = {};

  add(method: string, code: string, calls: number): void {
    const of = this.counts[method] ?? {};
    of[code] = (of[code] ?? 0) + calls;
    this.counts[method] = of;
  }
}

const IN_FLIGHT = 32;
/** Long enough for every honest answer; watches are left by then. */
const PATIENCE_MS = 250;
const NEVER = ['INTERNAL', 'UNKNOWN', 'DATA_LOSS', 'UNIMPLEMENTED'];
const MOST_FINDINGS = 20;

/** Sends mutated messages to methods drawn at random, and notes every ending that no message may have. */
export async function runCampaign({
  client,
  methods,
  names,
  seed,
  from,
  to,
}: Campaign): Promise<CampaignReport> {
  const endings = new Endings();
  const findings: Finding[] = [];
  let next = from;
  let calls = 0;
  const work = async (): Promise<void> => {
    while (next < to && findings.length < MOST_FINDINGS) {
      const at = next;
      const dice = new Dice(seed, at, names);
      const method = dice.pick(methods);
      const streams = method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming';
      const count = Math.min(streams ? 1 + dice.below(4) : 1, to - at);
      next += count;
      calls += 1;
      const messages = Array.from({ length: count }, () => mutated(method, dice));
      const ending = await rawCall(client, method, messages, PATIENCE_MS);
      const name = `${method.parent.typeName}/${method.name}`;
      endings.add(name, ending.code, 1);
      const why = complaint(ending);
      if (why === undefined) continue;
      const hex = messages.map((message) => Buffer.from(message).toString('hex'));
      findings.push({ method: name, ending, why, messages: hex });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  return { messages: next - from, calls, endings: endings.counts, findings };
}

/** A third good requests with changes, a third any message of the type, a third bytes. */
function mutated(method: DescMethod, dice: Dice): Uint8Array {
  const { input } = method;
  const kind = dice.below(3);
  if (kind === 1) return toBinary(input, randomMessage(input, dice));
  const seed = seedOf(method);
  for (let rounds = dice.below(3) + (kind === 0 ? 1 : 0); rounds > 0; rounds--)
    mutateMessage(input, seed, dice);
  const bytes = toBinary(input, seed);
  return kind === 0 ? bytes : mutateBytes(bytes, toBinary(input, randomMessage(input, dice)), dice);
}

/** What is wrong with an ending, whatever was sent. */
function complaint({ code, details }: Ending): string | undefined {
  if (NEVER.includes(code)) return `${code} is never the answer to a message`;
  // Of its own accord, or by the transport's: those carry no details.
  if (['OK', 'CANCELLED', 'DEADLINE_EXCEEDED'].includes(code)) return undefined;
  if (!details) return 'an error without details';
  const info = fromBinary(StatusSchema, details).details.find(({ typeUrl }) =>
    typeUrl.endsWith('google.rpc.ErrorInfo'),
  );
  const reason = info ? fromBinary(ErrorInfoSchema, info.value).reason : '';
  return reason in ERRORS ? undefined : `reason ${JSON.stringify(reason)} is not in the catalogue`;
}
