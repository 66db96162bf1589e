import crypto from 'node:crypto';

/**
 * A UUIDv7 for an event that the gateway makes.
 * By the default export: a named import that this Node lacks ends the process before packages/service can say which Node
 * is needed.
 */
export function newEventId(): string {
  return crypto.randomUUIDv7();
}
