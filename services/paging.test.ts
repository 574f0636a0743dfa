import { expect, test } from 'vitest';
import { parseNumberToken, parseToken, toPage } from './paging.ts';

test('a token goes on where its page ended', () => {
  const { page, nextPageToken } = toPage(['9', '8', '7'], 2, (id) => id);
  expect(page).toEqual(['9', '8']);
  expect(parseToken(nextPageToken)).toBe('8');
  expect(parseNumberToken(nextPageToken)).toBe('8');
});

test('a token of another list, or of nobody, is refused by name', () => {
  const { nextPageToken } = toPage(['3f2a-1', 'next'], 1, (id) => id);
  expect(parseToken(nextPageToken)).toBe('3f2a-1');
  expect(() => parseNumberToken(nextPageToken)).toThrow('page_token');
  expect(() => parseToken('!!')).toThrow('page_token');
});
