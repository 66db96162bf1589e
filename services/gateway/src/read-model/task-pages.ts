import type { Collection, Filter, Sort } from 'mongodb';
import type { TaskDocument } from '@nask/schemas';
import { isByTime, type TaskList } from '../tasks/task-list.rules.ts';
import { isVisible, requestOf, type VisibleTaskDocument } from '../tasks/task-view.rules.ts';

/** One page of a list, without results. */
export interface TaskPage {
  documents: VisibleTaskDocument[];
  /** Whether there are tasks after it. */
  hasMore: boolean;
}

/** A page ends early once its documents have this many bytes: a payload and a notify_url can be large. */
const maxPageBytes = 4_194_304;

/**
 * Reads one page by its keys: what is before it is not read, so it costs the same at any depth. In the order of time,
 * what was accepted in the millisecond of the last task is one range, and what came after it another: no `$or`.
 */
export async function readTaskPage(
  tasks: Collection<TaskDocument>,
  list: TaskList,
  { signal }: { signal: AbortSignal },
): Promise<TaskPage> {
  const documents: VisibleTaskDocument[] = [];
  let bytes = 0;
  for (const { filter, sort } of rangesOf(list)) {
    const cursor = tasks
      .find(filter, { signal })
      .project<TaskDocument>({ 'completed.result': 0 })
      .sort(sort)
      .limit(list.limit + 1 - documents.length);
    for await (const document of cursor) {
      if (documents.length === list.limit || bytes >= maxPageBytes) return { documents, hasMore: true };
      if (!isVisible(document)) continue;
      documents.push(document);
      bytes += sizeOf(document);
    }
  }
  return { documents, hasMore: false };
}

/** The parts of a document without its result that can be large, in characters. */
function sizeOf(document: VisibleTaskDocument): number {
  const { payload, notify_url: notifyUrl } = requestOf(document);
  const { search = [], completed } = document;
  const texts = [...search, ...(completed?.error?.causes ?? []).map(({ message }) => message)];
  const size = payload.length + (notifyUrl?.length ?? 0) + (completed?.error?.message.length ?? 0);
  return texts.reduce((sum, text) => sum + text.length, size);
}

interface Range {
  filter: Filter<TaskDocument>;
  sort: Sort;
}

function rangesOf(list: TaskList): Range[] {
  const { order, after } = list;
  const isDescending = order.startsWith('-');
  const direction = isDescending ? -1 : 1;
  const beyond = isDescending ? '$lt' : '$gt';
  const selected = selectionOf(list);
  const afterId = after === undefined ? {} : { _id: { [beyond]: after.id } };
  if (!isByTime(order)) return [{ filter: { ...selected, ...afterId }, sort: { _id: direction } }];

  const sort: Sort = { created_at: direction, _id: direction };
  if (after?.createdAtMs === undefined) return [{ filter: selected, sort }];
  const at = new Date(after.createdAtMs);
  return [
    { filter: { ...selected, created_at: at, ...afterId }, sort: { _id: direction } },
    { filter: { ...selected, created_at: { ...(selected.created_at as object), [beyond]: at } }, sort },
  ];
}

function selectionOf({ statuses, type, createdFromMs, createdBeforeMs }: TaskList): Filter<TaskDocument> {
  const created = {
    ...(createdFromMs === undefined ? {} : { $gte: new Date(createdFromMs) }),
    ...(createdBeforeMs === undefined ? {} : { $lt: new Date(createdBeforeMs) }),
  };
  return {
    // Documents without it are invisible: their request is not there.
    type: type ?? { $exists: true },
    ...(statuses === undefined ? {} : { status: statuses.length === 1 ? statuses[0]! : { $in: [...statuses] } }),
    ...(Object.keys(created).length === 0 ? {} : { created_at: created }),
  };
}
