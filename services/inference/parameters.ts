/** Parameters of requests: what is honoured, what is refused because it would change the answer, and what is let be. */
import { VigilError } from '../../src/errors.ts';
import type { InferParameter } from '../gen/inference/grpc_service_pb.ts';

type Parameters = Readonly<Record<string, InferParameter>>;

/** A day. */
const LONGEST_TIMEOUT = 86_400_000_000;

/** FIELD_INVALID for what asks for a part of the protocol that is not offered; `where` is the path of `parameters`. */
export function refuseUnoffered(parameters: Parameters, where: string): void {
  for (const name in parameters) {
    const what = name.startsWith('sequence_')
      ? 'sequences are'
      : name.startsWith('shared_memory_')
        ? 'shared memory is'
        : undefined;
    if (what === undefined) continue;
    throw VigilError.field(`${where}["${name}"]`, 'a value', `none; ${what} not offered`);
  }
}

/**
 * The deadline of a request that came at `now`, both on one clock in milliseconds: the caller's, or that of `timeout`
 * (microseconds; 0 is none) where it is earlier. FIELD_INVALID when `timeout` is no such number.
 */
export function deadlineOf(
  parameters: Parameters,
  deadline: number | undefined,
  now: number,
): number | undefined {
  const { timeout } = parameters;
  if (timeout === undefined) return deadline;
  const microseconds = wholeNumber(timeout, 'parameters["timeout"]', 0, LONGEST_TIMEOUT);
  if (microseconds === 0) return deadline;
  return Math.min(deadline ?? Number.POSITIVE_INFINITY, now + Math.ceil(microseconds / 1000));
}

/** A whole number between limits; FIELD_INVALID otherwise. */
export function wholeNumber(parameter: InferParameter, field: string, from: number, to: number): number {
  const { case: kind, value } = parameter.parameterChoice;
  const whole = kind === 'int64Param' || kind === 'uint64Param';
  if (whole && value >= from && value <= to) return Number(value);
  const found = kind === undefined ? 'nothing' : whole ? `${value}` : JSON.stringify(value);
  throw VigilError.field(field, found, `a whole number, ${from} to ${to}`);
}
