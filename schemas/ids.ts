/** How many task ids one lease is: a constant of the contract, never a setting, for the ids of all leases depend on it. */
export const idsPerLease = 1000;

/**
 * The first id of the block that a lease record names: offset x 1000 + 1. The block is this id and the 999 after it.
 * @param leaseOffset offset of the record in `task-id-leases`
 */
export function firstIdOfLease(leaseOffset: number): number {
  return leaseOffset * idsPerLease + 1;
}
