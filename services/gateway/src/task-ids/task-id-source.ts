import { idsPerLease } from '@nask/schemas';
import { IdsWouldRepeatError, UnavailableError } from '../errors.ts';
import { createIdBlocks } from './id-blocks.ts';

/** Gives task ids to many requests at once, and leases the next block before the current one runs out. */
export interface TaskIdSource {
  /** The next id where one is there that nobody waits for, else undefined: what costs least, for almost every request. */
  take(): number | undefined;
  /**
   * The next id; waits for a lease when there is none left. How many wait is bounded by the requests in flight.
   * @param signal ends the wait
   * @throws UnavailableError NOT_ACCEPTED when the lease fails, or the signal's reason
   */
  next(signal: AbortSignal): Promise<number>;
  /** Leases a block if few ids are left. Resolves, when that has worked or failed, with whether there are ids to give. */
  refill(): Promise<boolean>;
}

/** Below this many ids the next block is leased: half a block, so that requests go on while the lease is under way. */
const refillBelow = idsPerLease / 2;

interface Waiter {
  resolve(id: number): void;
  reject(reason: unknown): void;
}

/**
 * @param lease takes one lease and gives its offset. One at a time; after a failure the next request tries again. A
 *   lease whose outcome is unknown is lost with its ids: they are never given.
 * @param onFailure told of each failed lease. After an IdsWouldRepeatError no id is given any more.
 */
export function createTaskIdSource(options: {
  lease: () => Promise<number>;
  onFailure: (error: unknown) => void;
}): TaskIdSource {
  const blocks = createIdBlocks();
  const waiters = new Set<Waiter>();
  let leasing: Promise<void> | undefined;
  let revoked = false;

  async function refill(): Promise<boolean> {
    if (leasing === undefined && !revoked && blocks.remaining() <= refillBelow)
      leasing = leaseBlock().finally(() => {
        leasing = undefined;
        if (waiters.size > 0) void refill();
      });
    await leasing;
    return !revoked && blocks.remaining() > 0;
  }

  async function leaseBlock(): Promise<void> {
    try {
      blocks.add(await options.lease());
    } catch (error) {
      revoked = error instanceof IdsWouldRepeatError;
      const refusal = unavailable(error);
      for (const waiter of waiters) waiter.reject(refusal);
      waiters.clear();
      options.onFailure(error);
      return;
    }
    for (const waiter of waiters) {
      const id = blocks.take();
      if (id === undefined) break;
      waiters.delete(waiter);
      waiter.resolve(id);
    }
  }

  function take(): number | undefined {
    if (revoked || waiters.size > 0) return undefined;
    const id = blocks.take();
    if (blocks.remaining() <= refillBelow) void refill();
    return id;
  }

  return {
    refill,
    take,
    async next(signal) {
      signal.throwIfAborted();
      if (revoked) throw unavailable(undefined);
      return take() ?? waitForId(signal);
    },
  };

  function waitForId(signal: AbortSignal): Promise<number> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        waiters.delete(waiter);
        reject(signal.reason as Error);
      };
      const waiter: Waiter = {
        resolve(id) {
          signal.removeEventListener('abort', onAbort);
          resolve(id);
        },
        reject(reason) {
          signal.removeEventListener('abort', onAbort);
          reject(reason);
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      waiters.add(waiter);
      void refill();
    });
  }
}

function unavailable(cause: unknown): UnavailableError {
  return new UnavailableError('NOT_ACCEPTED', 'No task id could be leased from Kafka, so the task was not accepted.', {
    cause,
  });
}
