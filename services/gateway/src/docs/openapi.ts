import type { JSONSchemaObject, TaskType } from '@nask/schemas';
import { productVersion } from '@nask/service';
import type { Scope } from '../access/api-keys.rules.ts';
import {
  jsonResponse,
  problemResponses,
  responses,
  tags,
  type RouteHandler,
  type Operation,
  type OperationObject,
  type Route,
} from '../http/route.ts';
import { newTaskSchemas } from '../tasks/new-task.rules.ts';
import { taskSchemas } from '../tasks/task-view.rules.ts';

type DescribedRoute = Pick<Route<never>, 'method' | 'path' | 'scope' | 'operation'>;

export const getOpenApiOperation: Operation = {
  operationId: 'getOpenApi',
  summary: 'Read this document',
  tags: ['about'],
  responses: responses({ 200: jsonResponse('An OpenAPI 3.1 document.', { type: 'object' }) }),
};

/** `GET /openapi.json`: the API as an OpenAPI document. */
export function getOpenApi({ openApi }: { openApi: JSONSchemaObject }): RouteHandler {
  const text = JSON.stringify(openApi);
  return (ctx) => {
    ctx.body = text;
    ctx.type = 'application/json';
  };
}

const headers = {
  'X-Request-Id': {
    description:
      'Id of the request, also in the log: the one that the client sent in X-Request-Id, where it is usable.',
    schema: { type: 'string' },
  },
  Location: { description: 'Path of the task.', schema: { type: 'string' } },
  Link: { description: '`rel="next"`: the next page (RFC 8288). Absent on the last one.', schema: { type: 'string' } },
  ETag: { description: 'Entity tag of the task as it is told here, for If-None-Match.', schema: { type: 'string' } },
  'Preference-Applied': {
    description: 'There when the answer waited, as Prefer asked for: `wait=N`, N in seconds as it was applied.',
    schema: { type: 'string' },
  },
  'Consistency-Token': {
    description: 'For reads that are to be at least as new as this write: send it along in Consistency-Token. Opaque.',
    schema: { type: 'string' },
  },
  'RateLimit-Policy': {
    description: 'The quota of the key: `q` requests in `w` seconds (draft-ietf-httpapi-ratelimit-headers).',
    schema: { type: 'string' },
  },
  RateLimit: {
    description: 'What is left of it: `r` requests, and all of it again in `t` seconds.',
    schema: { type: 'string' },
  },
  'Retry-After': { description: 'In how many seconds to try again.', schema: { type: 'integer', minimum: 0 } },
};

/**
 * The API as an OpenAPI 3.1 document. Its schemas are those that requests are checked with.
 * @param hasKeys whether clients have to have keys
 */
export function openApiDocument(
  routes: readonly DescribedRoute[],
  taskTypes: ReadonlyMap<string, TaskType>,
  { hasKeys }: { hasKeys: boolean },
): JSONSchemaObject {
  return {
    openapi: '3.1.0',
    info: {
      title: 'nask-task',
      version: productVersion,
      description: [
        'A task service on Kafka: post a task, get an id at once, be told by webhook when it is done.',
        'Errors are problem details (RFC 9457). The events in Kafka are described in [/asyncapi.json](/asyncapi.json).',
        ...(hasKeys
          ? ['**Requests need an API key** (`Authorization: Bearer KEY`): on this page, enter it under Authorize.']
          : []),
      ].join('\n\n'),
      license: { name: 'MIT', identifier: 'MIT' },
    },
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths: pathsOf(routes, hasKeys),
    components: {
      ...(hasKeys ? { securitySchemes } : {}),
      headers,
      schemas: {
        ...taskSchemas,
        ...newTaskSchemas(taskTypes),
        ...Object.assign({}, ...routes.map(({ operation }) => operation.schemas)),
      },
    },
  };
}

function pathsOf(routes: readonly DescribedRoute[], hasKeys: boolean): Record<string, Record<string, OperationObject>> {
  const paths: Record<string, Record<string, OperationObject>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method] = withAccess(route, hasKeys);
  return paths;
}

const scopeMeanings: Record<Scope, string> = {
  read: 'read tasks',
  write: 'post and cancel tasks',
  admin: 'what concerns all tasks, or cannot be undone',
};

/** How clients show who they are. */
const securitySchemes = {
  apiKey: {
    type: 'http',
    scheme: 'bearer',
    description: `An API key. What it allows: ${Object.entries(scopeMeanings)
      .map(([scope, meaning]) => `\`${scope}\` (${meaning})`)
      .join(', ')}.`,
  },
};

const rateLimitHeaders = {
  'RateLimit-Policy': { $ref: '#/components/headers/RateLimit-Policy' },
  RateLimit: { $ref: '#/components/headers/RateLimit' },
};

/** The operation with what it requires of a request before it is served, and with the answers to those that lack it. */
function withAccess(route: DescribedRoute, hasKeys: boolean): OperationObject {
  const { method, scope } = route;
  const { schemas: _schemas, ...operation } = route.operation;
  const needsKey = hasKeys && scope !== 'public';
  const refused = problemResponses([
    ...(needsKey ? (['unauthenticated', 'forbidden', 'rate-limited'] as const) : []),
    ...(method === 'get' ? [] : (['cross-origin'] as const)),
    ...(hasKeys ? [] : (['unknown-host'] as const)),
  ]);
  if (!needsKey) return { ...operation, responses: { ...operation.responses, ...refused } };
  const responses = Object.fromEntries(
    Object.entries(operation.responses).map(([status, response]) => [
      status,
      Number(status) < 300 ? { ...response, headers: { ...response.headers, ...rateLimitHeaders } } : response,
    ]),
  );
  refused['429']!.headers = { ...refused['429']!.headers, ...rateLimitHeaders };
  return { ...operation, security: [{ apiKey: [scope] }], responses: { ...responses, ...refused } };
}
