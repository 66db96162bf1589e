import { failure, type RunResult } from '../lanes/run-result.rules.ts';

/** How long a deferred task waits between two looks, where it may wait for long. */
const maxPauseMs = 5_000;
/** Of a shorter wait, the part that a pause takes. */
const looksPerWait = 10;

/** What becomes of a task whose type this executor lacks. */
type Deferral =
  | { readonly kind: 'defer'; readonly sinceMs: number; readonly dueMs: number }
  | { readonly kind: 'give-up'; readonly result: RunResult };

/**
 * Decides whether a task whose type this executor lacks is deferred (again) or fails. The pause between two looks is the
 * same for all tasks, so that in the log the tasks are due in the order in which they were written.
 * @param sinceMs when the task was first deferred, ms since 1970; undefined: it was not
 * @param waitMs how long a task may be deferred; 0: not at all
 */
export function deferralOf(type: string, sinceMs: number | undefined, waitMs: number, nowMs: number): Deferral {
  const deferredMs = sinceMs === undefined ? 0 : Math.max(0, nowMs - sinceMs);
  if (deferredMs >= waitMs) {
    const how = sinceMs === undefined ? '' : ` The task was deferred for ${Math.round(deferredMs / 1_000)} s.`;
    return { kind: 'give-up', result: failure('unknown-task-type', `No handler for the task type ${type}.${how}`) };
  }
  const pauseMs = Math.ceil(Math.min(maxPauseMs, waitMs / looksPerWait));
  return { kind: 'defer', sinceMs: sinceMs ?? nowMs, dueMs: nowMs + pauseMs };
}

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
