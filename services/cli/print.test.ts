import { expect, test } from 'vitest';
import { printable } from './print.ts';

test('text of others cannot steer a terminal or break a table', () => {
  expect(printable('plain \u00e9\u4e16')).toBe('plain \u00e9\u4e16');
  expect(printable('\u001b[31mred\u001b[0m\r\nrow\u0007\u2028end')).toBe('red row end');
});
