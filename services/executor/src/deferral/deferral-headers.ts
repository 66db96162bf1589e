import { maxPauseMs } from './deferral.rules.ts';

/** Headers of a deferred task's record, beside those of its request. The first one stays when the task comes back. */
const sinceHeader = 'deferred-since-ms';
const dueHeader = 'deferred-due-ms';

type Headers = Readonly<Record<string, string>>;

export function deferralHeaders({ sinceMs, dueMs }: { sinceMs: number; dueMs: number }): Record<string, string> {
  return { [sinceHeader]: String(sinceMs), [dueHeader]: String(dueMs) };
}

/** When a task was first deferred, ms since 1970; undefined when the record does not say. */
export function deferredSinceMs(headers: Headers): number | undefined {
  return wholeNumber(headers[sinceHeader]);
}

/**
 * When a deferred task is to be looked at again, ms since 1970; 0 when the record does not say. At most one pause after
 * now, for the clock of the executor that wrote it may be ahead.
 * @param nowMs when the record was read
 */
export function deferredUntilMs(headers: Headers, nowMs: number): number {
  return Math.min(wholeNumber(headers[dueHeader]) ?? 0, nowMs + maxPauseMs);
}

/** The headers of a task that comes back: without the time when it is due. */
export function withoutDueTime<Value>(headers: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== dueHeader));
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
