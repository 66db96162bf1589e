/**
 * Waits for the projector. All waiting requests share one poll of the checkpoints: a loop that runs while somebody
 * waits, and asks for the partitions that are waited for.
 */
export interface CheckpointWatch {
  /**
   * Resolves when everything below `offset` of the partition is in the read model.
   * @throws the signal's reason, or what reading the checkpoints failed with
   */
  readonly reached: (partition: number, offset: number, signal: AbortSignal) => Promise<void>;
  /** Ends all waiting, now and in future, with this error. */
  close(error: Error): void;
}

interface Waiter {
  partition: number;
  offset: number;
  /** Without an error: reached. */
  end(error?: unknown): void;
}

/**
 * @param read gives the next offset to read of those of the partitions that have a checkpoint, in bounded time
 * @param pause resolves when it is time for the next poll
 */
export function createCheckpointWatch(options: {
  read: (partitions: number[]) => Promise<ReadonlyMap<number, number>>;
  pause: () => Promise<void>;
}): CheckpointWatch {
  const waiters = new Set<Waiter>();
  let polling = false;
  let closedWith: Error | undefined;

  async function poll(): Promise<void> {
    polling = true;
    while (waiters.size > 0) {
      try {
        advance(await options.read([...new Set([...waiters].map((waiter) => waiter.partition))]));
      } catch (error) {
        endAll(error);
      }
      if (waiters.size > 0) await options.pause();
    }
    polling = false;
  }

  function advance(checkpoints: ReadonlyMap<number, number>): void {
    for (const waiter of waiters) if ((checkpoints.get(waiter.partition) ?? 0) >= waiter.offset) waiter.end();
  }

  function endAll(error: unknown): void {
    for (const waiter of waiters) waiter.end(error);
  }

  return {
    reached: (partition, offset, signal) =>
      new Promise((resolve, reject) => {
        if (closedWith !== undefined) return reject(closedWith);
        if (signal.aborted) return reject(signal.reason as Error);
        const onAbort = () => waiter.end(signal.reason);
        const waiter: Waiter = {
          partition,
          offset,
          end(error) {
            waiters.delete(waiter);
            signal.removeEventListener('abort', onAbort);
            if (error === undefined) resolve();
            else reject(error);
          },
        };
        signal.addEventListener('abort', onAbort, { once: true });
        waiters.add(waiter);
        if (!polling) void poll();
      }),
    close(error) {
      closedWith = error;
      endAll(error);
    },
  };
}
