/** Pages of lists (AIP-158): a size, and a token that says where the last page ended. */
import { VigilError } from '../src/errors.ts';

const DEFAULT_SIZE = 50;
const MAX_SIZE = 1000;

/** `page_size` as a row count; 0 is 50, more than 1,000 is 1,000, negative is FIELD_INVALID. */
export function pageSize(size: number): number {
  if (size < 0) throw VigilError.field('page_size', String(size), `0 to ${MAX_SIZE}`);
  return size === 0 ? DEFAULT_SIZE : Math.min(MAX_SIZE, size);
}

/** The id that a token holds; undefined for the first page. */
export const parseToken = (token: string): string | undefined => parse(token, /^[0-9a-z-]{1,63}$/);

/** The same where ids are numbers: a token of another list is refused, not an empty page. */
export function parseNumberToken(token: string): string | undefined {
  return parse(token, /^[0-9]{1,15}$/);
}

function parse(token: string, ids: RegExp): string | undefined {
  if (token === '') return undefined;
  const id = Buffer.from(token, 'base64url').toString();
  if (ids.test(id)) return id;
  throw VigilError.field('page_token', JSON.stringify(token), 'a next_page_token of an earlier answer');
}

/** Cuts `rows`, fetched with one more than the page holds, to the page and says how to go on. */
export function toPage<T>(
  rows: readonly T[],
  size: number,
  idOfRow: (row: T) => string,
): { page: T[]; nextPageToken: string } {
  const page = rows.slice(0, size);
  const last = page.at(-1);
  const more = rows.length > size && last !== undefined;
  return { page, nextPageToken: more ? Buffer.from(idOfRow(last)).toString('base64url') : '' };
}
