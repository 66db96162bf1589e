import { InvalidRequestError, type Fault } from './errors.ts';

/** The most tasks on a page, and what a request without a limit gets. */
export const maxPageSize = 1000;

/** Which part of the list is asked for. */
export interface Page {
  limit: number;
  /** Tasks with a higher id than this. */
  afterId: number;
}

type QueryValue = string | string[] | undefined;

/**
 * Reads the query parameters of the list: `limit` (1 to `maxPageSize`) and `cursor` (from the link to the next page).
 * @throws InvalidRequestError naming the parameter
 */
export function parsePage(query: { limit?: QueryValue; cursor?: QueryValue }): Page {
  const faults: Fault[] = [];
  const limit = query.limit === undefined ? maxPageSize : parseLimit(query.limit);
  if (limit === undefined)
    faults.push({ parameter: 'limit', detail: `must be given once, an integer from 1 to ${maxPageSize}` });
  const afterId = query.cursor === undefined ? 0 : parseCursor(query.cursor);
  if (afterId === undefined)
    faults.push({ parameter: 'cursor', detail: 'must be given once, as it stands in the link to the next page' });
  if (limit === undefined || afterId === undefined) throw new InvalidRequestError(faults);
  return { limit, afterId };
}

/** The cursor of the page after this id. Clients are not to look into it. */
export function cursorAfter(id: number): string {
  return Buffer.from(`id:${id}`).toString('base64url');
}

function parseLimit(text: string | string[]): number | undefined {
  if (typeof text !== 'string' || !/^\d{1,4}$/.test(text)) return undefined;
  const limit = Number(text);
  return limit >= 1 && limit <= maxPageSize ? limit : undefined;
}

/** @returns the id in a cursor; undefined when it is none */
export function parseCursor(text: string | string[]): number | undefined {
  if (typeof text !== 'string' || text.length > 64) return undefined;
  const [, digits] = /^id:(\d{1,16})$/.exec(Buffer.from(text, 'base64url').toString()) ?? [];
  if (digits === undefined) return undefined;
  const id = Number(digits);
  return Number.isSafeInteger(id) ? id : undefined;
}
