import { taskStatuses, type TaskStatus } from '@nask/schemas';
import { InvalidRequestError } from '../errors.ts';
import { parseRfc3339, unknownParameters } from '../http/schema.rules.ts';
import type { VisibleTaskDocument } from './task-view.rules.ts';

/** The most tasks on a page, and what a request without a limit gets. */
export const maxPageSize = 1000;

/** The longest cursor. */
export const maxCursorLength = 64;

/** Where a list goes on: after the task with this id, which was accepted then (only where the list is in that order). */
interface PagePosition {
  id: number;
  createdAtMs?: number;
}

/** The orders of the list; with a hyphen, descending. That by time is by id where the time is the same. */
export const listOrders = ['id', '-id', 'created_at', '-created_at'] as const;
type ListOrder = (typeof listOrders)[number];

/** The longest name of a task type that is looked for. */
export const maxTypeLength = 200;

/** Which tasks are asked for, and which part of them. */
export interface TaskList {
  limit: number;
  order: ListOrder;
  /** Left out: from the beginning. `createdAtMs` is there exactly when the order is by time. */
  after?: PagePosition;
  /** Those with one of these. */
  statuses?: readonly TaskStatus[];
  type?: string;
  /** Accepted at or after this, in milliseconds since 1970. */
  createdFromMs?: number;
  /** Accepted before this. */
  createdBeforeMs?: number;
}

type Query = Readonly<Record<string, string | string[] | undefined>>;

const rules: Readonly<Record<string, string>> = {
  limit: `must be given once, an integer from 1 to ${maxPageSize}`,
  cursor: 'must be given once, as it stands in the link to the next page, with the order of that page',
  order: `must be given once, one of: ${listOrders.join(', ')}`,
  status: `must be given once: one of ${taskStatuses.join(', ')}, or several, separated by commas`,
  type: `must be given once, the name of a task type, at most ${maxTypeLength} characters`,
  created_after: 'must be given once, a time as in RFC 3339, e.g. 2026-11-24T18:30:00Z',
  created_before: 'must be given once, a time as in RFC 3339, e.g. 2026-11-24T18:30:00Z',
};

/**
 * Reads the query parameters of the list.
 * @throws InvalidRequestError naming every parameter that is wrong or unknown
 */
export function parseTaskList(query: Query): TaskList {
  const known = `is not known; the parameters are ${Object.keys(rules).join(', ')}`;
  const faults = unknownParameters(query, (name) => Object.hasOwn(rules, name), known);

  function read<T>(name: string, parse: (text: string) => T | undefined): T | undefined {
    const text = query[name];
    if (text === undefined) return undefined;
    const value = typeof text === 'string' ? parse(text) : undefined;
    if (value === undefined) faults.push({ parameter: name, detail: rules[name]! });
    return value;
  }

  const order = read('order', (text) => listOrders.find((order) => order === text)) ?? 'id';
  const list = {
    limit: read('limit', parseLimit) ?? maxPageSize,
    order,
    after: read('cursor', (text) => positionIn(order, text)),
    statuses: read('status', parseStatuses),
    type: read('type', (text) => (text.length > 0 && text.length <= maxTypeLength ? text : undefined)),
    createdFromMs: read('created_after', parseRfc3339),
    createdBeforeMs: read('created_before', parseRfc3339),
  };
  if (faults.length > 0) throw new InvalidRequestError(faults);
  return list;
}

/** The query of the page after this one: the same tasks in the same order. */
export function nextPageQuery(list: TaskList, last: VisibleTaskDocument): string {
  const createdAtMs = isByTime(list.order) ? last.created_at.getTime() : undefined;
  const query = new URLSearchParams({ limit: String(list.limit) });
  if (list.order !== 'id') query.set('order', list.order);
  if (list.statuses !== undefined) query.set('status', list.statuses.join(','));
  if (list.type !== undefined) query.set('type', list.type);
  if (list.createdFromMs !== undefined) query.set('created_after', new Date(list.createdFromMs).toISOString());
  if (list.createdBeforeMs !== undefined) query.set('created_before', new Date(list.createdBeforeMs).toISOString());
  query.set('cursor', cursorOf({ id: last._id, createdAtMs }));
  return query.toString();
}

export function isByTime(order: ListOrder): boolean {
  return order.endsWith('created_at');
}

function positionIn(order: ListOrder, cursor: string): PagePosition | undefined {
  const position = parsePosition(cursor);
  return isByTime(order) === (position?.createdAtMs !== undefined) ? position : undefined;
}

function parseLimit(text: string): number | undefined {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= maxPageSize ? limit : undefined;
}

function parseStatuses(text: string): readonly TaskStatus[] | undefined {
  const names = text.split(',', taskStatuses.length + 1);
  if (names.length > taskStatuses.length) return undefined;
  const isStatus = (name: string) => taskStatuses.some((status) => status === name);
  return names.every(isStatus) ? taskStatuses.filter((status) => names.includes(status)) : undefined;
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
