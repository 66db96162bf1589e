import { cursorAfter } from '../tasks/page.ts';
import type { RedeliverySelection } from './redelivery-selection.ts';
import type { VisibleTaskDocument } from '../tasks/task-view.rules.ts';

export interface RedeliverFailedPorts {
  /** So many of the tasks that are selected, ascending by id. */
  failed(selection: RedeliverySelection, limit: number): Promise<VisibleTaskDocument[]>;
  /** Asks for the outcome of a task to be sent again; resolves once that is durable. */
  request(document: VisibleTaskDocument): Promise<void>;
}

/** How many tasks are read, and asked for, at once: a result can have 209 KB. */
const pageSize = 100;

/**
 * Asks for all that is selected to be sent again, page by page, up to `maxTasks`, or until the signal fires.
 * @returns how many, and where to go on when there may be more
 */
export async function redeliverFailed(
  ports: RedeliverFailedPorts,
  selection: RedeliverySelection,
  { maxTasks, signal }: { maxTasks: number; signal: AbortSignal },
): Promise<{ requested: number; cursor?: string }> {
  let requested = 0;
  let { afterId } = selection;
  while (requested < maxTasks && !signal.aborted) {
    const limit = Math.min(pageSize, maxTasks - requested);
    const page = await ports.failed({ ...selection, afterId }, limit);
    await Promise.all(page.map((document) => ports.request(document)));
    requested += page.length;
    if (page.length < limit) return { requested };
    afterId = page.at(-1)!._id;
  }
  return { requested, cursor: cursorAfter(afterId) };
}
