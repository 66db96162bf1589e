import type { Collection } from 'mongodb';
import type { TaskDocument } from '@nask/schemas';
import type { TaskCount } from '../tasks/stats.ts';

/** Counts all tasks that clients see, in one pass over them. */
export async function countTasks(
  tasks: Collection<TaskDocument>,
  { sinceMs, signal }: { sinceMs: number; signal: AbortSignal },
): Promise<TaskCount[]> {
  const isSince = (field: string) => ({ $sum: { $cond: [{ $gte: [field, new Date(sinceMs)] }, 1, 0] } });
  const groups = await tasks
    .aggregate<Omit<TaskCount, 'status' | 'type'> & { _id: Pick<TaskCount, 'status' | 'type'> }>(
      [
        { $match: { requested: { $exists: true } } },
        {
          $group: {
            _id: { status: '$status', type: '$requested.type' },
            count: { $sum: 1 },
            accepted: isSince('$requested.requested_at'),
            ended: isSince('$completed.completed_at'),
          },
        },
      ],
      { signal },
    )
    .toArray();
  return groups.map(({ _id, ...counts }) => ({ ..._id, ...counts }));
}
