import type { AttemptId } from '../memory/delivery-memory.ts';

/** What a record in a retry topic says of itself, beside the bytes of `tasks.completed` that are its value. */
export interface RetryDetails extends Omit<AttemptId, 'taskKey'> {
  /** The attempt is not made before this, in milliseconds since 1970. */
  dueMs: number;
  /** When the round's first attempt was due, in milliseconds since 1970. */
  sinceMs: number;
  /** How often in a row it was put back because the host was busy or its breaker open: those are no attempts. */
  parked: number;
}

/** A record in a retry topic that does not say what it is. */
export class RetryHeadersError extends Error {
  readonly code = 'RETRY_HEADERS';
}

const names: Readonly<Record<keyof RetryDetails, string>> = {
  attempt: 'notification-attempt',
  round: 'notification-round',
  completionOffset: 'notification-completion-offset',
  dueMs: 'notification-due-ms',
  sinceMs: 'notification-since-ms',
  parked: 'notification-parked',
};

export function retryHeaders(details: RetryDetails): Record<string, string> {
  const entries = Object.entries(names) as [keyof RetryDetails, string][];
  return Object.fromEntries(entries.map(([field, name]) => [name, String(details[field])]));
}

/** @throws RetryHeadersError naming the header */
export function retryDetails(headers: Readonly<Record<string, string>>): RetryDetails {
  const entries = Object.entries(names) as [keyof RetryDetails, string][];
  return Object.fromEntries(
    entries.map(([field, name]) => {
      const text = headers[name] ?? '';
      if (!/^\d{1,16}$/.test(text))
        throw new RetryHeadersError(`The header ${name} is ${JSON.stringify(text)}, not a whole number`);
      return [field, Number(text)];
    }),
  ) as unknown as RetryDetails;
}

/**
 * When a record may be handled, in milliseconds since 1970; 0 when it does not say.
 * @param latestMs the longest delay after it was read: the clock of the notifier that wrote it may be ahead
 */
export function dueMs(headers: Readonly<Record<string, string>>, latestMs: number): number {
  const due = Number(headers[names.dueMs]);
  return Number.isFinite(due) ? Math.min(due, latestMs) : 0;
}

/** The headers without those of a retry: those of the completion. */
export function withoutRetryHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const own = new Set(Object.values(names));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !own.has(name)));
}
