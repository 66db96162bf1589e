import { createHash } from 'node:crypto';
import { topics, type EventName, type TaskEventDocument, type TopicName } from '@nask/schemas';
import type { LoggedEvent, TaskEvent } from './event.ts';

/**
 * The history of a task: one document an event, for people. A function of the event and its position alone, so writing
 * it again changes nothing. An erasure has none: it leaves no history. It repeats neither payload nor result, which the task's document has.
 */
export function historyEntry({ event, offset }: LoggedEvent, partition: number): TaskEventDocument | undefined {
  if (event.name === 'TaskErased') return undefined;
  const { name, data } = event;
  const topic = topicOf(name);
  const { at, attempt, said } = told(event);
  return {
    _id: keepsNewestOnly(topic) ? `${data.task_id}/${topic}` : `${data.task_id}/${topic}/${offset}`,
    task_id: data.task_id,
    topic,
    event: name,
    event_id: data.event_id,
    partition,
    offset,
    at: new Date(at),
    attempt,
    data: said,
  };
}

/** Of progress, only the newest says something. */
export function keepsNewestOnly(topic: string): boolean {
  return topic === 'tasks.progressed';
}

/** One of so many events makes the history of its task and topic be cut to its limit. */
const eventsPerCut = 64;

/**
 * Whether it is this event's turn to have the history of its task and topic cut. Chosen by a hash of the event's id and
 * offset: nothing has to be counted, a restart changes nothing, and nobody can see to it that no turn comes.
 */
export function isTurnToCut({ event, offset }: LoggedEvent): boolean {
  const digest = createHash('sha256').update(`${event.data.event_id}/${offset}`).digest();
  return digest.readUInt32BE(0) % eventsPerCut === 0;
}

interface Told {
  at: number;
  attempt: number | null;
  said: Record<string, unknown>;
}

function told({ name, data }: Exclude<TaskEvent, { name: 'TaskErased' }>): Told {
  switch (name) {
    case 'TaskRequested':
      return { at: data.requested_at, attempt: null, said: { type: data.type } };
    case 'TaskStarted':
      return {
        at: data.started_at,
        attempt: data.attempt,
        said: { executor: data.executor, crashes: data.crashes, trial: data.trial },
      };
    case 'TaskAttemptFailed':
      return {
        at: data.failed_at,
        attempt: data.attempt,
        said: { executor: data.executor, error: { ...data.error }, next_attempt_at: new Date(data.next_attempt_at) },
      };
    case 'TaskProgressed':
      return {
        at: data.progressed_at,
        attempt: data.attempt,
        said: { executor: data.executor, fraction: data.fraction },
      };
    case 'TaskCancellationRequested':
      return { at: data.requested_at, attempt: null, said: {} };
    case 'TaskCompleted':
      return {
        at: data.completed_at,
        attempt: data.attempt,
        said: { executor: data.executor, outcome: data.outcome, error: data.error === null ? null : { ...data.error } },
      };
    case 'NotificationAttempted':
      return {
        at: data.attempted_at,
        attempt: null,
        said: {
          state: data.state,
          round: data.round,
          webhook_attempt: data.attempt,
          status_code: data.status_code,
          duration_ms: data.duration_ms,
          error: data.error,
          next_attempt_at: data.next_attempt_at === null ? null : new Date(data.next_attempt_at),
        },
      };
  }
}

const topicOfEvent = new Map(
  Object.entries(topics).flatMap(([topic, { event }]) => (event === null ? [] : [[event, topic as TopicName]])),
);

function topicOf(name: EventName): TopicName {
  const topic = topicOfEvent.get(name);
  if (topic === undefined) throw new Error(`no topic has ${name}`);
  return topic;
}
