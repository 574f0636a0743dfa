import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { type InferParameter, InferParameterSchema } from '../gen/inference/grpc_service_pb.ts';
import { deadlineOf, refuseUnoffered } from './parameters.ts';

type Choice = NonNullable<InferParameter['parameterChoice']>;
const parameter = (parameterChoice: Choice): InferParameter =>
  create(InferParameterSchema, { parameterChoice });
const timeout = (value: bigint) => ({ timeout: parameter({ case: 'int64Param', value }) });

test('a timeout is a deadline where it is the earlier one', () => {
  expect(deadlineOf({}, undefined, 1000)).toBeUndefined();
  expect(deadlineOf(timeout(0n), 5000, 1000)).toBe(5000);
  expect(deadlineOf(timeout(1_500n), undefined, 1000)).toBe(1002);
  expect(deadlineOf(timeout(1_000_000n), 5000, 1000)).toBe(2000);
  expect(deadlineOf(timeout(9_000_000n), 5000, 1000)).toBe(5000);
  expect(deadlineOf({ timeout: parameter({ case: 'uint64Param', value: 7_000n }) }, undefined, 1)).toBe(8);
});

test.each([
  [{ case: 'int64Param', value: -1n }, /found -1; allowed: a whole number, 0 to/],
  [{ case: 'uint64Param', value: 2n ** 63n }, /found 9223372036854775808/],
  [{ case: 'stringParam', value: '5' }, /found "5"/],
  [{ case: 'doubleParam', value: 0.5 }, /found 0.5/],
  [{ case: undefined }, /found nothing/],
] as const)('a timeout of %o is refused', (choice, text) => {
  expect(() => deadlineOf({ timeout: parameter(choice as Choice) }, undefined, 0)).toThrow(text);
});

test('what is not offered is refused by name, the rest is let be', () => {
  const one = parameter({ case: 'int64Param', value: 1n });
  expect(() => refuseUnoffered({ sequence_id: one }, 'parameters')).toThrow(
    /^parameters\["sequence_id"\]: found a value; allowed: none; sequences are not offered$/,
  );
  expect(() => refuseUnoffered({ shared_memory_offset: one }, 'p')).toThrow(/shared memory/);
  expect(() => refuseUnoffered({ priority: one, binary_data: one }, 'p')).not.toThrow();
});
