import type { JSONSchemaObject, TaskType } from '@nask/schemas';
import { aboutOperations } from './about-operations.ts';
import { tags, type ApiOperation } from './api-operation.ts';
import { erasureOperations } from './erasure-operations.ts';
import { batchOperations, batchSchemas } from './batch-operations.ts';
import { notificationOperations, notificationSchemas } from './notification-operations.ts';
import { problemSchemas } from './problem-schemas.ts';
import { taskOperations } from './task-operations.ts';
import { taskSchemas } from './task-schemas.ts';

/** Every operation that the API has. */
export const apiOperations: readonly ApiOperation[] = [
  ...taskOperations,
  ...erasureOperations,
  ...batchOperations,
  ...notificationOperations,
  ...aboutOperations,
];

/** Version of the API: the first number changes when a client would have to. */
const apiVersion = '1.0.0';

const headers = {
  'X-Request-Id': {
    description:
      'Id of the request, also in the log: the one that the client sent in X-Request-Id, where it is usable.',
    schema: { type: 'string' },
  },
  Location: { description: 'Path of the task.', schema: { type: 'string' } },
  Link: { description: '`rel="next"`: the next page (RFC 8288). Absent on the last one.', schema: { type: 'string' } },
  'Retry-After': { description: 'In how many seconds to try again.', schema: { type: 'integer', minimum: 0 } },
};

/** The API as an OpenAPI 3.1 document. Its schemas are those that requests are checked with. */
export function openApiDocument(taskTypes: ReadonlyMap<string, TaskType>): JSONSchemaObject {
  return {
    openapi: '3.1.0',
    info: {
      title: 'nask-task',
      version: apiVersion,
      description:
        'A task service on Kafka: post a task, get an id at once, be told by webhook when it is done. Errors are problem details (RFC 9457).',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths: pathsOf(apiOperations),
    components: {
      headers,
      schemas: { ...taskSchemas(taskTypes), ...batchSchemas, ...notificationSchemas, ...problemSchemas },
    },
  };
}

function pathsOf(operations: readonly ApiOperation[]): Record<string, Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { path, method, operation } of operations) (paths[path] ??= {})[method] = operation;
  return paths;
}
