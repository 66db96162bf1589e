import type { Collection } from 'mongodb';
import type { TaskEventDocument } from '@nask/schemas';

/** Far more events of a task than the projector keeps: what one query may read is bounded all the same. */
const maxEventsPerTask = 2_000;

/** The events of those of the tasks that have any, in no order: in one query. */
export async function readTaskHistories(
  events: Collection<TaskEventDocument>,
  ids: readonly number[],
  { signal }: { signal: AbortSignal },
): Promise<Map<number, TaskEventDocument[]>> {
  const documents = await events
    .find({ task_id: { $in: [...ids] } }, { signal })
    .limit(ids.length * maxEventsPerTask)
    .toArray();
  const histories = new Map<number, TaskEventDocument[]>();
  for (const document of documents) {
    const history = histories.get(document.task_id);
    if (history === undefined) histories.set(document.task_id, [document]);
    else history.push(document);
  }
  return histories;
}
