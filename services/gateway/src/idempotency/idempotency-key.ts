import { createHash } from 'node:crypto';
import type { Context } from 'koa';
import { clientOfRequest } from '../access/client-access.ts';
import { InvalidRequestError } from '../errors.ts';
import type { ProblemName } from '../http/problem-types.ts';
import type { ParameterObject } from '../http/route.ts';
import type { NewTask } from '../tasks/new-task.rules.ts';

/** The longest key, in characters. */
const maxKeyLength = 255;

/**
 * What the header may be: a String of RFC 9651 (in quotes), as draft-ietf-httpapi-idempotency-key-header asks, or the
 * same without quotes, as most clients send it.
 */
const idempotencyKeyPattern = `^("([ !#-\\[\\]-~]|\\\\["\\\\]){1,${maxKeyLength}}"|[!#-~]{1,${maxKeyLength}})$`;

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

/**
 * Two requests with the same fingerprint ask for the same: SHA-256 of what is asked for, in base64url. A request has the
 * same fingerprint in every version of the gateway, so fields that were added later are in it only where they have a value.
 */
export function fingerprintOf(task: NewTask): string {
  const { type, payloadJson, notifyUrl, timeoutMs, tags, includeResult, ...others } = task;
  // These follow from the payload and its schema, which may change between two requests.
  const { search: _search, payloadSchemaHash: _hash, ...rest } = others;
  // A field that were left out would make two different requests the same: the type checker refuses it here.
  rest satisfies Record<string, never>;
  const added = { ...(tags.length > 0 && { tags }), ...(includeResult ? undefined : { includeResult }) };
  const asked: unknown[] = [type, payloadJson, notifyUrl, timeoutMs];
  if (Object.keys(added).length > 0) asked.push(added);
  return createHash('sha256').update(JSON.stringify(asked)).digest('base64url');
}

/**
 * The Idempotency-Key of a request, as the function that gives it its scope.
 * @returns gives the key of the request, or of one task of its batch; undefined when the request has none
 * @throws InvalidRequestError when it cannot be a key
 */
export function idempotencyKeyOf(ctx: Context): (index?: number) => string | undefined {
  const key = parseIdempotencyKey(ctx.req.headers['idempotency-key'] as string | undefined);
  const client = clientOfRequest(ctx)?.name ?? '';
  return (index) => (key === undefined ? undefined : scopedKey(key, client, index));
}

export const idempotencyKeyParameter: ParameterObject = {
  name: 'Idempotency-Key',
  in: 'header',
  description:
    'Makes the request safe to repeat: for 24 hours the same key with the same body is the same task, also through another gateway, after a restart, or after a 503. In quotes or without.',
  schema: { type: 'string', pattern: idempotencyKeyPattern, examples: ['"8e03978e-40d5-43dd-bc93-6894a57f9324"'] },
};

/** What a request with an Idempotency-Key can be answered. */
export const idempotencyProblems: readonly ProblemName[] = [
  'idempotency-key-in-use',
  'idempotency-key-reused',
  'idempotency-keys-unavailable',
];
