import { onAbort } from '@nask/async';

/**
 * Waits for the projector. All waiting requests share one poll of the checkpoints: a loop that runs while somebody
 * waits, and asks for the partitions that are waited for.
 */
interface CheckpointWatch {
  /**
   * Resolves when everything below `offset` of the partition is in the read model.
   * @param id of the partition's checkpoint: `checkpointId` of the topic and the partition
   * @throws the signal's reason, or what reading the checkpoints failed with
   */
  readonly reached: (id: string, offset: number, signal: AbortSignal) => Promise<void>;
  /** Ends all waiting, now and in future, with this error. */
  close(error: Error): void;
}

interface Waiter {
  id: string;
  offset: number;
  /** Without an error: reached. */
  end(error?: unknown): void;
}

/**
 * @param read gives the next offset to read of those of the checkpoints that are there, by id, in bounded time
 * @param pause resolves when it is time for the next poll
 */
export function createCheckpointWatch(options: {
  read: (ids: string[]) => Promise<ReadonlyMap<string, number>>;
  pause: () => Promise<void>;
}): CheckpointWatch {
  const waiters = new Set<Waiter>();
  let polling = false;
  let closedWith: Error | undefined;

  async function poll(): Promise<void> {
    polling = true;
    while (waiters.size > 0) {
      try {
        advance(await options.read([...new Set([...waiters].map((waiter) => waiter.id))]));
      } catch (error) {
        endAll(error);
      }
      if (waiters.size > 0) await options.pause();
    }
    polling = false;
  }

  function advance(checkpoints: ReadonlyMap<string, number>): void {
    for (const waiter of waiters) if ((checkpoints.get(waiter.id) ?? 0) >= waiter.offset) waiter.end();
  }

  function endAll(error: unknown): void {
    for (const waiter of waiters) waiter.end(error);
  }

  return {
    reached: (id, offset, signal) =>
      new Promise((resolve, reject) => {
        if (closedWith !== undefined) return reject(closedWith);
        if (signal.aborted) return reject(signal.reason as Error);
        const waiter: Waiter = {
          id,
          offset,
          end(error) {
            waiters.delete(waiter);
            stopListening();
            if (error === undefined) resolve();
            else reject(error);
          },
        };
        const stopListening = onAbort(signal, () => waiter.end(signal.reason));
        waiters.add(waiter);
        if (!polling) void poll();
      }),
    close(error) {
      closedWith = error;
      endAll(error);
    },
  };
}
