import { topics, type TaskEventDocument } from '@nask/schemas';
import { visibleSlotTopics, type Positions } from '../read-model/task-state.rules.ts';

/** One event of a task's life as clients see it. Times are RFC 3339 in UTC with ms. */
interface TaskEventResource {
  event: string;
  event_id: string;
  time: string;
  /** Of the task; absent where the event belongs to none. */
  attempt?: number;
  topic: string;
  partition: number;
  offset: number;
  /** What else the event says. */
  data: Record<string, unknown>;
}

/** What follows from what, where the times are the same. */
const causalOrder: readonly string[] = Object.values(visibleSlotTopics);

/**
 * A history without the copies of its request. A task of a type that no executor had at first is written to the log of
 * requests again, under the event id that it has: for clients it was requested once.
 */
export function withoutCopies(events: readonly TaskEventDocument[]): TaskEventDocument[] {
  const requests = new Map<string, number>();
  for (const { topic, event_id, offset } of events)
    if (topic === visibleSlotTopics.requested)
      requests.set(event_id, Math.min(offset, requests.get(event_id) ?? offset));
  return events.filter(
    ({ topic, event_id, offset }) => topic !== visibleSlotTopics.requested || requests.get(event_id) === offset,
  );
}

/**
 * A history, oldest first. The events of one topic keep the log's order, whatever the clocks of those who wrote them
 * said: so what comes after a position is never before it in the list.
 */
export function inOrder(events: readonly TaskEventDocument[]): TaskEventDocument[] {
  const byTopic = Object.values(Object.groupBy(events, ({ topic }) => topic)).map((list) =>
    list!.toSorted((a, b) => a.offset - b.offset),
  );
  const ordered: TaskEventDocument[] = [];
  while (ordered.length < events.length) {
    const heads = byTopic.filter((list) => list.length > 0);
    const [oldest] = heads.toSorted(([a], [b]) => compare(a!, b!));
    ordered.push(oldest!.shift()!);
  }
  return ordered;
}

function compare(a: TaskEventDocument, b: TaskEventDocument): number {
  return a.at.getTime() - b.at.getTime() || causalOrder.indexOf(a.topic) - causalOrder.indexOf(b.topic);
}

export function eventResource(event: TaskEventDocument): TaskEventResource {
  return {
    event: event.event,
    event_id: event.event_id,
    time: event.at.toISOString(),
    ...(event.attempt === null ? {} : { attempt: event.attempt }),
    topic: event.topic,
    partition: event.partition,
    offset: event.offset,
    data: event.data,
  };
}

/** The longest text of positions that is read. */
const maxPositionsLength = 1_000;

/** Positions as they stand in the id of a Server-Sent Event: `tasks.requested:17,tasks.started:4`. */
export function positionsText(positions: Positions): string {
  return Object.entries(positions)
    .map(([topic, offset]) => `${topic}:${offset}`)
    .join(',');
}

/** @returns undefined when the text is none that `positionsText` makes */
export function parsePositions(text: string): Positions | undefined {
  if (text.length > maxPositionsLength) return undefined;
  const positions: Record<string, number> = {};
  for (const part of text.split(',')) {
    const [, topic = '', digits] = /^([a-z.-]+):(\d{1,16})$/.exec(part) ?? [];
    const offset = Number(digits);
    if (!Object.hasOwn(topics, topic) || !Number.isSafeInteger(offset)) return undefined;
    positions[topic] = offset;
  }
  return positions;
}
