import type { JSONSchemaObject, TaskType } from '@nask/schemas';
import { productVersion } from '@nask/service';
import { aboutOperations, aboutSchemas } from './about-operations.ts';
import { securitySchemes, withAccess } from './access.ts';
import { tags, type ApiOperation, type OperationObject } from '../http/api-operation.ts';
import { batchOperations, batchSchemas } from '../tasks/batch-operations.ts';
import { erasureOperations } from '../tasks/erasure-operations.ts';
import { notificationOperations, notificationSchemas } from '../webhooks/notification-operations.ts';
import { problemSchemas } from './problem-schemas.ts';
import { readOperations } from '../tasks/read-operations.ts';
import { readSchemas } from '../tasks/read-schemas.ts';
import { taskOperations } from '../tasks/task-operations.ts';
import { taskTypeOperations, taskTypeSchemas } from '../tasks/task-type-operations.ts';
import { taskSchemas } from '../tasks/task-schemas.ts';

/** Every operation that the API has. */
export const apiOperations: readonly ApiOperation[] = [
  ...taskOperations,
  ...readOperations,
  ...batchOperations,
  ...erasureOperations,
  ...taskTypeOperations,
  ...notificationOperations,
  ...aboutOperations,
];

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
    paths: pathsOf(apiOperations, hasKeys),
    components: {
      ...(hasKeys ? { securitySchemes } : {}),
      headers,
      schemas: {
        ...taskSchemas(taskTypes),
        ...readSchemas,
        ...batchSchemas,
        ...taskTypeSchemas,
        ...notificationSchemas,
        ...aboutSchemas,
        ...problemSchemas,
      },
    },
  };
}

function pathsOf(
  operations: readonly ApiOperation[],
  hasKeys: boolean,
): Record<string, Record<string, OperationObject>> {
  const paths: Record<string, Record<string, OperationObject>> = {};
  for (const operation of operations) (paths[operation.path] ??= {})[operation.method] = withAccess(operation, hasKeys);
  return paths;
}
