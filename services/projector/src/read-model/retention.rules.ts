import type { TaskDocument } from '@nask/schemas';
import type { LoggedEvent } from '../events/event.ts';
import { topicRules } from '../events/index.ts';

/**
 * Whether the retention of an event's task has ended: how long the read model keeps a task after it was accepted, or
 * after its `run_at` where that is later. Only events that have both times are left out: without its request a task is
 * invisible, so a read model that is rebuilt shows what the live one does. An erasure is left out later than the requests
 * of its task, for without it they would be visible again.
 */
export function isPastRetention({ event: { topic, data } }: LoggedEvent, retentionMs: number, nowMs: number): boolean {
  const keptFromMs = topicRules[topic].keptFromMs?.(data);
  return keptFromMs !== undefined && keptFromMs < nowMs - retentionMs;
}

/** How long the database may take to delete what is past retention: about a minute, more when it is busy. */
const edgeMs = 3_600_000;

/**
 * Whether a document is to be the same in every read model: clients can see it, or that it was erased, and its retention
 * does not end about now.
 */
export function isToBeKept(document: TaskDocument, retentionMs: number, nowMs: number): boolean {
  const { kept_from, type, erased } = document;
  if (type === undefined && erased === undefined) return false;
  return kept_from === undefined || isKeptSince(kept_from.getTime(), retentionMs, nowMs);
}

/** Whether what the database keeps from that time on is there, and does not end about now. */
export function isKeptSince(sinceMs: number, retentionMs: number, nowMs: number): boolean {
  return sinceMs >= nowMs - retentionMs + edgeMs;
}
