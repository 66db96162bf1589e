import { retryTierCount, retryTopic, type RetryTopicName } from '@nask/schemas';
import type { AttemptId } from '../memory/delivery-memory.ts';
import type { AttemptResult } from '../sending/attempt-result.rules.ts';

export interface WebhookRetryPolicy {
  /** The delay of each tier, in milliseconds, ascending. The last one is repeated. */
  tierDelaysMs: readonly number[];
  /** Attempts in all. */
  maxAttempts: number;
  /** Attempts in all when the receiver rejects (3xx, 4xx). */
  maxRejectedAttempts: number;
}

type NextStep = { step: 'done' } | { step: 'give-up' } | ({ step: 'retry' } & Delay);

interface Delay {
  /** From 1, the shortest. */
  tier: number;
  delayMs: number;
}

const maxJitter = 0.1;

/**
 * What follows from an attempt. The next one is in the tier of its number, or in a longer one when the receiver asks for
 * that (Retry-After, rounded up to a tier; the longest tier is the most that it gets).
 * @param attempt which one it was, from 1
 * @param random from 0 to 1
 */
export function nextStep(policy: WebhookRetryPolicy, result: AttemptResult, attempt: number, random: number): NextStep {
  if (result.kind === 'accepted') return { step: 'done' };
  if (attempt >= maxAttempts(policy, result)) return { step: 'give-up' };
  const planned = Math.min(attempt, policy.tierDelaysMs.length);
  return { step: 'retry', ...delayIn(policy, Math.max(planned, requestedTier(policy, result)), random) };
}

/**
 * The delay of a tier, lengthened by up to a tenth, never shortened.
 * @param random from 0 to 1: spreads what failed together
 */
export function delayIn({ tierDelaysMs }: WebhookRetryPolicy, tier: number, random: number): Delay {
  const within = Math.min(tier, tierDelaysMs.length);
  return { tier: within, delayMs: Math.floor(tierDelaysMs[within - 1]! * (1 + maxJitter * random)) };
}

function maxAttempts(policy: WebhookRetryPolicy, { kind }: AttemptResult): number {
  switch (kind) {
    case 'gone':
    case 'forbidden':
      return 1;
    case 'rejected':
      return Math.min(policy.maxRejectedAttempts, policy.maxAttempts);
    default:
      return policy.maxAttempts;
  }
}

function requestedTier({ tierDelaysMs }: WebhookRetryPolicy, result: AttemptResult): number {
  const waitMs = result.kind === 'unavailable' ? (result.retryAfterMs ?? 0) : 0;
  const fitting = tierDelaysMs.findIndex((delayMs) => delayMs >= waitMs);
  return fitting < 0 ? tierDelaysMs.length : fitting + 1;
}

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

const headerNames: Readonly<Record<keyof RetryDetails, string>> = {
  attempt: 'notification-attempt',
  round: 'notification-round',
  completionOffset: 'notification-completion-offset',
  dueMs: 'notification-due-ms',
  sinceMs: 'notification-since-ms',
  parked: 'notification-parked',
};

export function retryHeaders(details: RetryDetails): Record<string, string> {
  const entries = Object.entries(headerNames) as [keyof RetryDetails, string][];
  return Object.fromEntries(entries.map(([field, name]) => [name, String(details[field])]));
}

/** @throws RetryHeadersError naming the header */
export function retryDetails(headers: Readonly<Record<string, string>>): RetryDetails {
  const entries = Object.entries(headerNames) as [keyof RetryDetails, string][];
  return Object.fromEntries(
    entries.map(([field, name]) => {
      const text = headers[name] ?? '';
      if (!/^\d{1,16}$/.test(text))
        throw new RetryHeadersError(`The header ${name} is ${JSON.stringify(text)}, not a whole number`);
      return [field, Number(text)];
    }),
  ) as unknown as RetryDetails;
}

/** The headers without those of a retry: those of the completion. */
export function withoutRetryHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const own = new Set(Object.values(headerNames));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !own.has(name)));
}

/** The topics of the delay tiers, the shortest first. */
export const retryTopics: readonly RetryTopicName[] = Array.from({ length: retryTierCount }, (_, index) =>
  retryTopic(index + 1),
);

/**
 * When a record may be handled, in milliseconds since 1970; 0 for any other than a retry that says when it is due. At most
 * the longest delay of its topic from now: the clock of the notifier that wrote it may be ahead.
 */
export function retryDueMs(
  policy: WebhookRetryPolicy,
  { topic, headers }: { topic: string; headers: Readonly<Record<string, string>> },
  nowMs: number,
): number {
  const tier = retryTopics.findIndex((each) => each === topic) + 1;
  const dueMs = Number(headers[headerNames.dueMs]);
  return tier > 0 && Number.isFinite(dueMs) ? Math.min(dueMs, nowMs + delayIn(policy, tier, 1).delayMs) : 0;
}
