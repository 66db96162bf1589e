import { createHash } from 'node:crypto';
import type { EventName } from './generated/events.ts';

/** How many task ids one lease is: a constant of the contract, never a setting, for the ids of all leases depend on it. */
export const idsPerLease = 1000;

/**
 * The first id of the block that a lease record names: offset x 1000 + 1. The block is this id and the 999 after it.
 * @param leaseOffset offset of the record in `task-id-leases`
 */
export function firstIdOfLease(leaseOffset: number): number {
  return leaseOffset * idsPerLease + 1;
}

/**
 * The id of an event that follows from what it tells: the same event and the same parts always give the same id, so a
 * repeated event is recognised by it. A UUIDv8 (RFC 9562, section 5.8): the first 128 bits of a SHA-256, with version and
 * variant set.
 * @param parts what makes the event that one and no other: task id, attempt ...
 */
export function derivedEventId(event: EventName, ...parts: readonly (string | number)[]): string {
  const name = ['nask-task', event, ...parts].join('/');
  const bytes = createHash('sha256').update(name).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
