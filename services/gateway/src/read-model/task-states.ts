import type { Collection } from 'mongodb';
import type { TaskDocument } from '@nask/schemas';
import { slotTopics, stateOf, type StateDocument, type TaskState } from './task-state.ts';

const projection = {
  status: 1,
  ...Object.fromEntries(Object.keys(slotTopics).map((slot) => [`${slot}.offset`, 1])),
};

/** How those of the tasks stand that clients see: in one query, which reads nothing of payloads and results. */
export async function readTaskStates(
  tasks: Collection<TaskDocument>,
  ids: readonly number[],
  { signal }: { signal: AbortSignal },
): Promise<Map<number, TaskState>> {
  const documents = await tasks
    .find<StateDocument & { _id: number }>({ _id: { $in: [...ids] } }, { projection, signal })
    .toArray();
  const states = new Map<number, TaskState>();
  for (const document of documents) {
    const state = stateOf(document);
    if (state !== undefined) states.set(document._id, state);
  }
  return states;
}
