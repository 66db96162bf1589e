/** What a host is let do at once, from how its last requests ended. */
export interface HostHealth {
  /** How many requests may be under way now. */
  limit: number;
  /** Failures in a row. */
  failures: number;
  /** While the breaker is open, when it lets one request through to see; 0 when it is closed. Milliseconds since 1970. */
  openUntilMs: number;
}

export interface HealthRules {
  /** Most requests to one host at once. */
  maxLimit: number;
  /** After so many failures in a row the breaker opens. */
  maxFailures: number;
  /** For how long it stays open before a single request is let through. */
  openMs: number;
}

/**
 * `answered`: the host gave an answer, whatever it said. `failed`: it did not, or said that it cannot now (5xx, 429).
 */
export type RequestEnd = 'answered' | 'failed';

/** How many requests an unknown host gets at once. */
const firstLimit = 2;

export function healthOfUnknown({ maxLimit }: HealthRules): HostHealth {
  return { limit: Math.min(firstLimit, maxLimit), failures: 0, openUntilMs: 0 };
}

/**
 * Slow start and a circuit breaker. Each answer lets one more request run beside the others, so that the number
 * doubles in the time of one request, up to the limit; each failure halves it. A host that hangs thus never takes more
 * than a few slots. After `maxFailures` in a row nothing is sent for `openMs`, then one request; its answer closes the
 * breaker, its failure opens it again.
 */
export function healthAfter(health: HostHealth, end: RequestEnd, nowMs: number, rules: HealthRules): HostHealth {
  if (end === 'answered') return { limit: Math.min(rules.maxLimit, health.limit + 1), failures: 0, openUntilMs: 0 };
  const failures = health.failures + 1;
  const opens = failures >= rules.maxFailures;
  return {
    limit: opens ? 1 : Math.max(1, Math.floor(health.limit / 2)),
    failures,
    openUntilMs: opens ? nowMs + rules.openMs : 0,
  };
}

export function isOpen({ openUntilMs }: HostHealth, nowMs: number): boolean {
  return openUntilMs > nowMs;
}

/** The breaker lets a single request through, to see. */
export function isHalfOpen({ openUntilMs }: HostHealth, nowMs: number): boolean {
  return openUntilMs > 0 && openUntilMs <= nowMs;
}
/** How many requests of a host end in a time, measured over one window after the other. */
export interface Throughput {
  windowStartMs: number;
  windowCount: number;
  /** Requests a millisecond in the last full window; undefined: there was none yet. */
  perMs: number | undefined;
}

export function throughputFrom(nowMs: number): Throughput {
  return { windowStartMs: nowMs, windowCount: 0, perMs: undefined };
}

/** One more request has ended. */
export function countEnd(
  { windowStartMs, windowCount, perMs }: Throughput,
  nowMs: number,
  windowMs: number,
): Throughput {
  const lengthMs = nowMs - windowStartMs;
  if (lengthMs < windowMs) return { windowStartMs, windowCount: windowCount + 1, perMs };
  return { windowStartMs: nowMs, windowCount: 0, perMs: (windowCount + 1) / lengthMs };
}

/** Expected wait of a line with a given length, in milliseconds; 0 before the first window is over. */
export function lineMs({ perMs }: Throughput, waiting: number): number {
  return perMs === undefined ? 0 : waiting / perMs;
}
