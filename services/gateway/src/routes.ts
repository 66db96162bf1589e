import { getAsyncApi, getAsyncApiOperation } from './docs/asyncapi.ts';
import { getDocs, getDocsOperation, getDocsPart, getDocsPartOperation } from './docs/docs-page.ts';
import { getEntryPoints, getEntryPointsOperation } from './docs/entry-points.ts';
import { getOpenApi, getOpenApiOperation } from './docs/openapi.ts';
import { getProblemType, getProblemTypeOperation } from './docs/problem-page.ts';
import type { Route } from './http/route.ts';
import { cancelTask, cancelTaskOperation } from './tasks/cancel-task.ts';
import { eraseTask, eraseTaskOperation } from './tasks/erase-task.ts';
import { listTasks, listTasksOperation } from './tasks/list-tasks.ts';
import { postBatch, postBatchOperation } from './tasks/post-batch.ts';
import { postTask, postTaskOperation } from './tasks/post-task.ts';
import { readTask, readTaskOperation } from './tasks/read-task.ts';
import { getStats, getStatsOperation } from './tasks/stats.ts';
import { taskEvents, taskEventsOperation } from './tasks/task-events.ts';
import { listTaskTypes, listTaskTypesOperation } from './tasks/task-types.ts';
import { redeliverFailed, redeliverFailedOperation } from './webhooks/redeliver-failed.ts';
import { redeliverOutcome, redeliverOutcomeOperation } from './webhooks/redeliver-outcome.ts';

/** Every route of the API: method, path, scope, handler, operation. Router, access and OpenAPI document follow from it. */
const table = [
  ['post', '/api/tasks', 'write', postTask, postTaskOperation],
  ['post', '/api/tasks/{id}/cancel', 'write', cancelTask, cancelTaskOperation],
  ['get', '/api/tasks', 'read', listTasks, listTasksOperation],
  ['get', '/api/tasks/{id}', 'read', readTask, readTaskOperation],
  ['get', '/api/tasks/{id}/events', 'read', taskEvents, taskEventsOperation],
  ['get', '/api/stats', 'read', getStats, getStatsOperation],
  ['post', '/api/tasks/batch', 'write', postBatch, postBatchOperation],
  ['delete', '/api/tasks/{id}', 'admin', eraseTask, eraseTaskOperation],
  ['get', '/api/task-types', 'read', listTaskTypes, listTaskTypesOperation],
  ['post', '/api/tasks/{id}/notifications', 'write', redeliverOutcome, redeliverOutcomeOperation],
  ['post', '/api/notifications/redeliver', 'admin', redeliverFailed, redeliverFailedOperation],
  ['get', '/', 'public', getEntryPoints, getEntryPointsOperation, { isStrict: true }],
  ['get', '/problems/{name}', 'public', getProblemType, getProblemTypeOperation],
  ['get', '/openapi.json', 'public', getOpenApi, getOpenApiOperation],
  ['get', '/asyncapi.json', 'public', getAsyncApi, getAsyncApiOperation],
  ['get', '/docs', 'public', getDocs, getDocsOperation, { isStrict: true }],
  ['get', '/docs/{file}', 'public', getDocsPart, getDocsPartOperation, { isStrict: true }],
] as const;

/** What the handlers need, all together: inferred from the table. */
export type Api = [(typeof table)[number][3]] extends [(api: infer Needs) => unknown] ? Needs : never;

export const routes: readonly Route<Api>[] = table.map(([method, path, scope, handler, operation, options]) => ({
  method,
  path,
  scope,
  handler,
  operation,
  ...options,
}));
