/** A point in time by which several steps must be done together. */
interface Deadline {
  /** What is left, never below 0. */
  remainingMs(): number;
}

/** A deadline so many milliseconds from now, by a clock that does not jump. */
export function deadlineIn(durationMs: number, now: () => number = () => performance.now()): Deadline {
  const endMs = now() + durationMs;
  return { remainingMs: () => Math.max(0, endMs - now()) };
}

/**
 * Waits for a promise until the time is up.
 * @returns 'overdue' when it is not settled by then; a rejection in time is passed on, a later one is ignored.
 */
export async function settledWithin(promise: Promise<unknown>, timeoutMs: number): Promise<'settled' | 'overdue'> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<'overdue'>((resolve) => {
    timer = setTimeout(() => resolve('overdue'), timeoutMs);
  });
  try {
    return await Promise.race([promise.then(() => 'settled' as const), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
