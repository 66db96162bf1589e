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

/** How long a line of so many is, in milliseconds; 0 before the first window is over. */
export function lineMs({ perMs }: Throughput, waiting: number): number {
  return perMs === undefined ? 0 : waiting / perMs;
}
