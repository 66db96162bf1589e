import type { TaskDocument } from '@nask/schemas';
import type { LoggedEvent } from '../events/event.ts';
import { eventRules } from '../events/index.ts';

/**
 * Whether the retention of an event's task has ended: how long the read model keeps a task after it was accepted. Only
 * events that have the time of acceptance are left out: without its request a task is invisible, so a read model that is
 * rebuilt shows what the live one does.
 */
export function isPastRetention({ event: { name, data } }: LoggedEvent, retentionMs: number, nowMs: number): boolean {
  const acceptedAtMs = eventRules[name].acceptedAtMs?.(data);
  return acceptedAtMs !== undefined && acceptedAtMs < nowMs - retentionMs;
}

/** How long the database may take to delete what is past retention: about a minute, more when it is busy. */
const edgeMs = 3_600_000;

/**
 * Whether a document is to be the same in every read model: clients can see it, or that it was erased, and its retention
 * does not end about now.
 */
export function isToBeKept(document: TaskDocument, retentionMs: number, nowMs: number): boolean {
  const { created_at, requested, erased } = document;
  if (requested === undefined && erased === undefined) return false;
  return created_at === undefined || isKeptSince(created_at.getTime(), retentionMs, nowMs);
}

/** Whether what the database keeps from that time on is there, and does not end about now. */
export function isKeptSince(sinceMs: number, retentionMs: number, nowMs: number): boolean {
  return sinceMs >= nowMs - retentionMs + edgeMs;
}
