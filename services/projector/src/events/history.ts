import { createHash } from 'node:crypto';
import { topics, type TaskEventDocument } from '@nask/schemas';
import type { LoggedEvent } from './event.ts';
import { slots, topicRules } from './index.ts';

/**
 * The entry of an event in its task's history, for people. A function of the event and its position alone, so writing it
 * again changes nothing.
 * @returns undefined for an event that leaves no history
 */
export function historyEntry({ event, offset }: LoggedEvent, partition: number): TaskEventDocument | undefined {
  const { topic, data } = event;
  const { time, history, keptFromMs } = topicRules[topic];
  if (history === null) return undefined;
  const { attempt, data: details } = history.detailsOf(data);
  const id = `${data.task_id}/${topic}`;
  const atMs = (data as unknown as Record<string, number>)[time]!;
  const at = new Date(atMs);
  const keptMs = keptFromMs?.(data) ?? atMs;
  return {
    _id: history.newestOnly ? id : `${id}/${offset}`,
    task_id: data.task_id,
    topic,
    event: topics[topic].event,
    event_id: data.event_id,
    partition,
    offset,
    at,
    kept_from: keptMs > atMs ? new Date(keptMs) : at,
    attempt,
    data: details,
  };
}

const newestOnlyTopics: ReadonlySet<string> = new Set(
  slots.flatMap(({ topic, history }) => (history?.newestOnly ? [topic] : [])),
);

/** Whether the history of a task has only the newest event of a topic. */
export function keepsNewestOnly(topic: string): boolean {
  return newestOnlyTopics.has(topic);
}

/** One in this number of events cuts the history of its task and topic to its limit. */
const eventsPerCut = 64;

/**
 * Whether this event makes the history of its task and topic be cut to its limit. Chosen by a hash of the event's id and
 * offset: nothing has to be counted, a restart changes nothing, and no client can choose events that never cut.
 */
export function isTurnToCut({ event, offset }: LoggedEvent): boolean {
  const digest = createHash('sha256').update(`${event.data.event_id}/${offset}`).digest();
  return digest.readUInt32BE(0) % eventsPerCut === 0;
}
