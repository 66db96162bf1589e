import { createHash } from 'node:crypto';
import { InvalidRequestError } from '../errors.ts';
import type { NewTask } from '../tasks/new-task.rules.ts';

/** The longest key, in characters. */
const maxKeyLength = 255;

/**
 * What the header may be: a String of RFC 9651 (in quotes), as draft-ietf-httpapi-idempotency-key-header asks, or the
 * same without quotes, as most clients send it.
 */
export const idempotencyKeyPattern = `^("([ !#-\\[\\]-~]|\\\\["\\\\]){1,${maxKeyLength}}"|[!#-~]{1,${maxKeyLength}})$`;

const pattern = new RegExp(idempotencyKeyPattern);

/**
 * Reads the header Idempotency-Key: with and without quotes it is the same key.
 * @returns undefined when there is none
 * @throws InvalidRequestError when it cannot be a key
 */
export function parseIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (!pattern.test(header))
    throw new InvalidRequestError([
      {
        parameter: 'Idempotency-Key',
        detail: `must be 1 to ${maxKeyLength} printable ASCII characters, in quotes or without`,
      },
    ]);
  return header.startsWith('"') ? header.slice(1, -1).replaceAll(/\\(.)/g, '$1') : header;
}

/**
 * The key among those of all clients, and of all tasks of a batch: each task of a batch has one of its own.
 * @param client name of the client, '' where clients have none
 * @param index the task's place in its batch
 */
export function scopedKey(key: string, client: string, index?: number): string {
  return `${client}/${index ?? ''}/${key}`;
}

/** Two requests with the same fingerprint ask for the same: SHA-256 of what is asked for, in base64url. */
export function fingerprintOf({ type, payloadJson, notifyUrl, timeoutMs }: NewTask): string {
  return createHash('sha256')
    .update(JSON.stringify([type, payloadJson, notifyUrl, timeoutMs]))
    .digest('base64url');
}
