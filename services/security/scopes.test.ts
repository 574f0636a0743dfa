import { expect, test } from 'vitest';
import { Access } from './access.ts';
import { Quotas } from './quotas.ts';
import { requirementOf } from './scopes.ts';

test('a method without a scope is not served', () => {
  expect(() => requirementOf('vigil.v1.ClassifierService/Erase')).toThrow(/Erase has no scope/);
  expect(() => requirementOf('constructor')).toThrow(/no scope/);
  const quotas = new Quotas({ calls: 0, streams: 0, callsPerSecond: 0, principals: 1 }, () => 0);
  const access = new Access({
    staticTokens: undefined,
    webTokens: undefined,
    certificates: undefined,
    quotas,
    onDenied: () => {},
  });
  expect(() => access.gate('vigil.v1.ClassifierService/Erase', false)).toThrow(/no scope/);
});
