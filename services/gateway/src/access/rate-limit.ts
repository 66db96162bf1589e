/** Fixed-window rate limit: `requests` per window. */
export interface RateQuota {
  requests: number;
  windowS: number;
}

/** What is left of a quota. */
interface RateState {
  /** Whether the last ones were within it; if not, they were not counted. */
  isWithin: boolean;
  remaining: number;
  /** Until there is the whole quota again, in seconds. */
  resetS: number;
}

/** Counts the requests of each client in windows of fixed length, which begin with the client's first request. */
export interface RateLimit {
  readonly quota: RateQuota;
  /** @param nowMs in milliseconds since 1970 */
  take(client: string, count: number, nowMs: number): RateState;
}

/** The clients are those that have a key, so the memory is bounded. */
export function createRateLimit(quota: RateQuota): RateLimit {
  const windows = new Map<string, { endsAtMs: number; used: number }>();
  return {
    quota,
    take(client, count, nowMs) {
      let window = windows.get(client);
      if (window === undefined || window.endsAtMs <= nowMs) {
        window = { endsAtMs: nowMs + quota.windowS * 1_000, used: 0 };
        windows.set(client, window);
      }
      const isWithin = window.used + count <= quota.requests;
      if (isWithin) window.used += count;
      return {
        isWithin,
        remaining: quota.requests - window.used,
        resetS: Math.ceil((window.endsAtMs - nowMs) / 1_000),
      };
    },
  };
}
