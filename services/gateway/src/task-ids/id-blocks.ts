import { firstIdOfLease, idsPerLease } from '@nask/schemas';
import { IdsWouldRepeatError } from '../errors.ts';

/** The ids that this process may give: blocks named by its leases, in the order in which they were leased. */
export interface IdBlocks {
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
 * A lease is worth something only while the offsets of `task-id-leases` never begin anew.
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
