/** How many requests of a host end in a time, measured over windows of half a second. */
export interface Throughput {
  windowStartMs: number;
  windowCount: number;
  /** Requests a millisecond in the last full window; undefined: there was none yet. */
  perMs: number | undefined;
}

const windowMs = 500;

export function throughputFrom(nowMs: number): Throughput {
  return { windowStartMs: nowMs, windowCount: 0, perMs: undefined };
}

/** One more request has ended. */
export function countEnd({ windowStartMs, windowCount, perMs }: Throughput, nowMs: number): Throughput {
  const lengthMs = nowMs - windowStartMs;
  if (lengthMs < windowMs) return { windowStartMs, windowCount: windowCount + 1, perMs };
  return { windowStartMs: nowMs, windowCount: 0, perMs: (windowCount + 1) / lengthMs };
}

/** How long a line of so many is, in milliseconds; 0 as long as nothing is known. */
export function lineMs({ perMs }: Throughput, waiting: number): number {
  return perMs === undefined ? 0 : waiting / perMs;
}
