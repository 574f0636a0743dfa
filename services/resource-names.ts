/** Names of resources on the wire: "runs/{id}" and "operations/{id}". One training has one id for both. */
import { VigilError } from '../src/errors.ts';

export const runName = (id: string): string => `runs/${id}`;
export const operationName = (id: string): string => `operations/${id}`;

const ID = /^[0-9a-z][0-9a-z-]{0,62}$/;

/** The id of "collection/{id}"; FIELD_INVALID under `name` when it is no such name. */
export function idOf(name: string, collection: 'runs' | 'operations'): string {
  const [head, id, ...rest] = name.split('/');
  if (head === collection && id !== undefined && ID.test(id) && rest.length === 0) return id;
  throw VigilError.field('name', JSON.stringify(name), `${collection}/{id}`);
}
