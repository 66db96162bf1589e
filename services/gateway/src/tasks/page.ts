/** The most tasks on a page, and what a request without a limit gets. */
export const maxPageSize = 1000;

/** The longest cursor. */
export const maxCursorLength = 64;

/** Where a list goes on: after the task with this id, which was accepted then (only where the list is in that order). */
export interface PagePosition {
  id: number;
  createdAtMs?: number;
}

/** The cursor of the page after this id, in a list that is ordered by id. Clients are not to look into it. */
export function cursorAfter(id: number): string {
  return cursorOf({ id });
}

/** The cursor of the page after this task. Clients are not to look into it. */
export function cursorOf({ id, createdAtMs }: PagePosition): string {
  const text = createdAtMs === undefined ? `id:${id}` : `created:${createdAtMs}:${id}`;
  return Buffer.from(text).toString('base64url');
}

/** @returns the id in a cursor of a list that is ordered by id; undefined when it is none */
export function parseCursor(text: string): number | undefined {
  const position = parsePosition(text);
  return position?.createdAtMs === undefined ? position?.id : undefined;
}

/** @returns what a cursor says; undefined when it is none of ours */
export function parsePosition(text: string): PagePosition | undefined {
  if (text.length > maxCursorLength) return undefined;
  const [, createdAt, digits] =
    /^(?:id|created:(\d{1,15})):(\d{1,16})$/.exec(Buffer.from(text, 'base64url').toString()) ?? [];
  const id = Number(digits);
  if (!Number.isSafeInteger(id)) return undefined;
  return createdAt === undefined ? { id } : { id, createdAtMs: Number(createdAt) };
}
