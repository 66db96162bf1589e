import type { Collection, Filter, Sort } from 'mongodb';
import type { TaskDocument } from '@nask/schemas';
import { isByTime, type TaskList } from '../tasks/task-list.rules.ts';
import { isVisible, type VisibleTaskDocument } from '../tasks/task-view.rules.ts';

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
      bytes += document.requested.payload.length + (document.requested.notify_url?.length ?? 0);
    }
  }
  return { documents, hasMore: false };
}

interface Range {
  filter: Filter<TaskDocument>;
  sort: Sort;
}

const createdAt = 'requested.requested_at';

function rangesOf(list: TaskList): Range[] {
  const { order, after } = list;
  const isDescending = order.startsWith('-');
  const direction = isDescending ? -1 : 1;
  const beyond = isDescending ? '$lt' : '$gt';
  const selected = selectionOf(list);
  const afterId = after === undefined ? {} : { _id: { [beyond]: after.id } };
  if (!isByTime(order)) return [{ filter: { ...selected, ...afterId }, sort: { _id: direction } }];

  const sort: Sort = { [createdAt]: direction, _id: direction };
  if (after?.createdAtMs === undefined) return [{ filter: selected, sort }];
  const at = new Date(after.createdAtMs);
  return [
    { filter: { ...selected, [createdAt]: at, ...afterId }, sort: { _id: direction } },
    { filter: { ...selected, [createdAt]: { ...(selected[createdAt] as object), [beyond]: at } }, sort },
  ];
}

function selectionOf({ statuses, type, createdFromMs, createdBeforeMs }: TaskList): Filter<TaskDocument> {
  const created = {
    ...(createdFromMs === undefined ? {} : { $gte: new Date(createdFromMs) }),
    ...(createdBeforeMs === undefined ? {} : { $lt: new Date(createdBeforeMs) }),
  };
  return {
    requested: { $exists: true },
    ...(statuses === undefined ? {} : { status: statuses.length === 1 ? statuses[0]! : { $in: [...statuses] } }),
    ...(type === undefined ? {} : { 'requested.type': type }),
    ...(Object.keys(created).length === 0 ? {} : { [createdAt]: created }),
  };
}
