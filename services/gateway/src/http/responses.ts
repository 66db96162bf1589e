import type { JSONSchemaObject } from '@nask/schemas';
import { problemTypes, type ProblemName, type ProblemType } from './problem-types.ts';
import { schemaRef, type ResponseObject } from './api-operation.ts';

/** What any request can be answered, whatever it asks for. */
const anyRequest: readonly ProblemName[] = [
  'malformed-request',
  'validation',
  'request-timeout',
  'headers-too-large',
  'internal',
  'overloaded',
  'stopping',
];

/** What any request with a body can be answered. */
export const bodyProblems: readonly ProblemName[] = ['body-too-large', 'unsupported-media-type', 'validation'];

/** What a request with an Idempotency-Key can be answered. */
export const idempotencyProblems: readonly ProblemName[] = [
  'idempotency-key-in-use',
  'idempotency-key-reused',
  'idempotency-keys-unavailable',
];

/** Every answer has this header. */
const requestIdHeader = { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } };

const retryAfterHeader = { 'Retry-After': { $ref: '#/components/headers/Retry-After' } };

/** An answer with a JSON body. */
export function jsonResponse(
  description: string,
  schema: JSONSchemaObject,
  more: Pick<ResponseObject, 'headers' | 'links'> & { example?: unknown } = {},
): ResponseObject {
  const { example, headers, ...members } = more;
  return {
    description,
    headers: { ...requestIdHeader, ...headers },
    content: {
      'application/json': { schema, ...(example === undefined ? {} : { examples: { answer: { value: example } } }) },
    },
    ...members,
  };
}

/** An answer without a body. */
export function emptyResponse(description: string, headers: ResponseObject['headers'] = {}): ResponseObject {
  return { description, headers: { ...requestIdHeader, ...headers } };
}

/**
 * The responses of an operation: its own, and one for each status of its problems and of those that any request can get.
 * @param own by status
 */
export function responses(
  own: Record<string, ResponseObject>,
  problems: readonly ProblemName[] = [],
): Record<string, ResponseObject> {
  return { ...own, ...problemResponses([...new Set([...problems, ...anyRequest])]) };
}

/** One response for each status of these problems. */
export function problemResponses(problems: readonly ProblemName[]): Record<string, ResponseObject> {
  const byStatus = Map.groupBy(new Set(problems), (name) => problemTypes[name].status);
  return Object.fromEntries([...byStatus].map(([status, names]) => [String(status), problemResponse(names)]));
}

function problemResponse(names: readonly ProblemName[]): ResponseObject {
  const kinds = names.map((name): ProblemType => problemTypes[name]);
  const canBeRetried = kinds.some(({ retryAfterS }) => retryAfterS !== undefined);
  return {
    description: names.map((name, i) => `[/problems/${name}](/problems/${name}): ${kinds[i]!.title}.`).join('\n\n'),
    headers: canBeRetried ? { ...requestIdHeader, ...retryAfterHeader } : requestIdHeader,
    content: { 'application/problem+json': { schema: schemaRef('Problem') } },
  };
}
