/** What the answer to a bad input must tell. */
import { expect } from 'vitest';

/** What a caller must be told: status, code, and a field or a part of the text. */
export type Told = [status: string, reason: string, field: string, text: RegExp];

/** Fails unless the call ends with that status and code, names the field and says the text. */
export async function expectTold(
  call: Promise<unknown> | AsyncIterable<unknown>,
  [status, reason, field, text]: Told,
) {
  const drained = async (): Promise<void> => {
    if (Symbol.asyncIterator in call) for await (const _ of call);
    else await call;
  };
  const error = await drained().then(
    () => undefined,
    (thrown: unknown) => thrown as { message: string; fields: { field: string }[] },
  );
  expect(error).toMatchObject({ status, reason });
  expect(error!.message).toMatch(text);
  if (field !== '') expect(error!.fields.map((each) => each.field)).toContain(field);
}
