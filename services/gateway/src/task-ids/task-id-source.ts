import { onAbort } from '@nask/async';
import { firstIdOfLease, idsPerLease } from '@nask/schemas';
import { IdsWouldRepeatError, UnavailableError } from '../errors.ts';

/** What tells a task from all others, and its request from all others. Written again with the same, it is the same task. */
export interface TaskIdentity {
  taskId: number;
  /** Id of its TaskRequested: a UUIDv7. */
  eventId: string;
  /** When it was asked for, in milliseconds since 1970. */
  requestedAtMs: number;
}

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
      const waiter: Waiter = {
        resolve(id) {
          stopListening();
          resolve(id);
        },
        reject(reason) {
          stopListening();
          reject(reason);
        },
      };
      const stopListening = onAbort(signal, () => {
        waiters.delete(waiter);
        reject(signal.reason as Error);
      });
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

/** The ids that this process may give: blocks named by its leases, in the order in which they were leased. */
interface IdBlocks {
  /** The next id, or undefined when there is none: never one that was returned before. */
  take(): number | undefined;
  /**
   * Adds the block that a lease record names.
   * @param leaseOffset offset of the record in `task-id-leases`
   * @throws IdsWouldRepeatError unless it is above every offset added before
   */
  add(leaseOffset: number): void;
  /** How many ids are left. */
  remaining(): number;
}

export function createIdBlocks(): IdBlocks {
  const blocks: { next: number; end: number }[] = [];
  let highestId = 0;
  let remaining = 0;
  return {
    take() {
      const block = blocks[0];
      if (block === undefined) return undefined;
      const id = block.next++;
      remaining -= 1;
      if (block.next === block.end) blocks.shift();
      return id;
    },
    add(leaseOffset) {
      assertNewIds(leaseOffset, highestId);
      const first = firstIdOfLease(leaseOffset);
      blocks.push({ next: first, end: first + idsPerLease });
      highestId = first + idsPerLease - 1;
      remaining += idsPerLease;
    },
    remaining: () => remaining,
  };
}

/**
 * A lease is valid only while the offsets of `task-id-leases` never restart.
 * @param highestId the highest id that was given before the lease was asked for, by whomever; 0 when none is known
 * @throws IdsWouldRepeatError unless all ids of the lease are above it
 */
export function assertNewIds(leaseOffset: number, highestId: number): void {
  if (!Number.isSafeInteger(leaseOffset) || leaseOffset < 0)
    throw new IdsWouldRepeatError(`A lease of task ids was acknowledged without an offset (${leaseOffset}).`);
  const first = firstIdOfLease(leaseOffset);
  if (first <= highestId)
    throw new IdsWouldRepeatError(
      `The lease at offset ${leaseOffset} of task-id-leases names the task ids from ${first}, but ids up to ${highestId} ` +
        'were given before: the topic was recreated, or lost records. Its end has to be above offset ' +
        `${Math.floor((highestId - 1) / idsPerLease)} before a gateway may start.`,
    );
}
