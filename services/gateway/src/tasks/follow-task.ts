import type { TaskEventDocument, TopicName } from '@nask/schemas';
import type { Positions, TaskState } from '../read-model/task-state.rules.ts';
import type { TaskWatch } from '../read-model/task-watch.ts';
import { inOrder } from './task-history.rules.ts';

/** An event, and the positions of all events up to it. */
export interface FollowedEvent {
  event: TaskEventDocument;
  positions: Positions;
}

export interface FollowPorts {
  next: TaskWatch['next'];
  /** What the read model has of a task's history, as it is at the time of the call or later. */
  history(id: number): Promise<readonly TaskEventDocument[]>;
  /** Resolves when everything below the offset of the task's partition of the topic is in the read model. */
  projected(id: number, topic: string, offset: number, signal: AbortSignal): Promise<void>;
  /** As above, for all that the topic has now. */
  projectedAll(id: number, topic: TopicName, signal: AbortSignal): Promise<void>;
}

const endTopic = 'tasks.completed';

/** Whether these positions include the end of the task. */
export function isComplete(positions: Positions): boolean {
  return positions[endTopic] !== undefined;
}

/**
 * Yields the events of a task as they come, oldest first, up to its end. Topics are projected side by side, so an event
 * may come later than one that follows from it. Ends early when the task is not there any more.
 * @param after the positions of what the client has already
 * @throws the signal's reason, or what the ports throw
 */
export async function* followTask(
  ports: FollowPorts,
  id: number,
  after: Positions,
  signal: AbortSignal,
): AsyncGenerator<FollowedEvent, void, undefined> {
  let positions = after;
  let state: TaskState | undefined;
  for (;;) {
    state = await ports.next(id, state, signal);
    if (state === undefined) return;
    let history = await ports.history(id);
    const late = lateTopics(state, history);
    if (late.length > 0) {
      await Promise.all(late.map(([topic, offset]) => ports.projected(id, topic, offset + 1, signal)));
      history = await ports.history(id);
    }
    if (lacksStart(history)) {
      await ports.projectedAll(id, 'tasks.started', signal);
      history = await ports.history(id);
    }
    for (const event of changesSince(positions, history)) {
      positions = { ...positions, [event.topic]: event.offset };
      yield { event, positions };
      if (isComplete(positions)) return;
    }
  }
}

function changesSince(positions: Positions, history: readonly TaskEventDocument[]): TaskEventDocument[] {
  return inOrder(history.filter(({ topic, offset }) => offset > (positions[topic] ?? -1)));
}

/** The topics of which the document shows an event that the history does not have yet. */
function lateTopics(state: TaskState, history: readonly TaskEventDocument[]): [string, number][] {
  const known = new Map<string, number>();
  for (const { topic, offset } of history) known.set(topic, Math.max(offset, known.get(topic) ?? -1));
  return Object.entries(state.positions).filter(([topic, offset]) => offset > (known.get(topic) ?? -1));
}

/** An end of an attempt whose beginning is not there: it may only be late. */
function lacksStart(history: readonly TaskEventDocument[]): boolean {
  const end = history.find(({ topic }) => topic === endTopic);
  return (
    end !== undefined && !history.some(({ topic, attempt }) => topic === 'tasks.started' && attempt === end.attempt)
  );
}
