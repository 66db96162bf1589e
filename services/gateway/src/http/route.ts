import type { Context, Next } from 'koa';
import type { JSONSchemaObject } from '@nask/schemas';
import type { Scope } from '../access/api-keys.rules.ts';
import { problemTypes, type ProblemName, type ProblemType } from './problem-types.ts';
import { schemaRef } from './schema.rules.ts';

/** An OpenAPI 3.1 Operation Object, as far as this API uses it. */
export interface OperationObject {
  operationId: string;
  summary: string;
  description?: string;
  tags: readonly [Tag];
  parameters?: readonly ParameterObject[];
  requestBody?: { required: true; content: Record<string, MediaTypeObject> };
  responses: Record<string, ResponseObject>;
  security?: readonly Record<string, readonly string[]>[];
  /** The interactive page does not show it. */
  'x-internal'?: true;
}

/** An operation with the schemas that it adds to the document. */
export interface Operation extends OperationObject {
  schemas?: Record<string, JSONSchemaObject>;
}

export interface ParameterObject {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  description: string;
  /** May have `examples`: they are documentation. */
  schema: JSONSchemaObject;
  /** The interactive page sends it unless a person changes it: for required parameters only. */
  example?: unknown;
}

interface MediaTypeObject {
  schema: JSONSchemaObject;
  examples?: Record<string, { summary?: string; value: unknown }>;
}

export interface ResponseObject {
  description: string;
  headers?: Record<string, JSONSchemaObject>;
  content?: Record<string, MediaTypeObject>;
  links?: Record<string, unknown>;
}

/** The groups that the interactive page shows. */
export const tags = {
  tasks: 'Post tasks, read them, cancel them.',
  webhooks: 'Send outcomes again.',
  about: 'The API itself: documents, figures, kinds of errors.',
} as const;

type Tag = keyof typeof tags;

/** The context of a route, with the parameters of its path. */
type RouteContext = Context & { params: Record<string, string> };

export type RouteHandler = (ctx: RouteContext, next: Next) => unknown;

/** One row of the table of routes: the router, the scopes and the OpenAPI document are derived from it. */
export interface Route<Api> {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** With parameters in braces: `/api/tasks/{id}`. */
  readonly path: `/${string}`;
  /** What a client's key has to allow; `public`: no key is asked for. */
  readonly scope: Scope | 'public';
  /** Makes the handlers of the requests, which run in their order; called once, at the start. */
  readonly handler: (api: Api) => RouteHandler | readonly RouteHandler[];
  readonly operation: Operation;
  /** With a slash at its end the path is another one. */
  readonly isStrict?: boolean;
}

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

/** Every answer has this header. */
export const requestIdHeader = { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } };

/** The answer to If-None-Match with the entity tag that the client was given. */
export const unchanged = {
  description: 'The client has the present one.',
  headers: requestIdHeader,
};

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
