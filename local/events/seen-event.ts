import { activeTopics, topics, type EventTopicName, type TopicName } from '@nask/schemas';

/** An event of a task, and where it is in the log. */
export interface SeenEvent {
  readonly topic: EventTopicName;
  readonly partition: number;
  readonly offset: number;
  /** When it was written. Milliseconds since 1970-01-01T00:00:00Z. */
  readonly timestampMs: number;
  readonly taskId: number;
  /** Its fields; undefined where its value cannot be decoded. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** The topics whose records are events of a task, without those that do not exist yet. */
export const taskEventTopics = (Object.keys(activeTopics) as TopicName[]).filter(
  (topic): topic is EventTopicName => topics[topic].event !== null && topics[topic].key === 'task id, decimal',
);

const maxValueCharacters = 120;

/** Where it is and what it says, for people: `tasks.started [3@17] TaskStarted attempt=1 executor=host`. */
export function describeEvent({ topic, partition, offset, data }: SeenEvent): string {
  const fields = data === undefined ? ['(not decodable)'] : Object.entries(data).filter(isShown).map(shown);
  return [`${topic} [${partition}@${offset}]`, topics[topic].event, ...fields].join(' ');
}

/** For programs: one line of JSON. */
export function eventAsJson({ topic, partition, offset, timestampMs, taskId, data }: SeenEvent): string {
  const time = new Date(timestampMs).toISOString();
  return JSON.stringify({ time, topic, partition, offset, task_id: taskId, event: topics[topic].event, data });
}

/** Ids and times are left out: the line has the task and the time already. */
function isShown([name, value]: [string, unknown]): boolean {
  return value !== null && name !== 'event_id' && name !== 'task_id' && !name.endsWith('_at');
}

function shown([name, value]: [string, unknown]): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `${name}=${text.length > maxValueCharacters ? `${text.slice(0, maxValueCharacters)}…` : text}`;
}
