import { schemaRef, type ApiOperation, type ResponseObject } from '../http/api-operation.ts';
import {
  consistencyTokenParameter,
  ifNoneMatchParameter,
  lastEventIdParameter,
  listParameters,
  preferParameter,
} from './read-parameters.ts';
import { jsonResponse, responses } from '../http/responses.ts';
import { taskIdParameter } from './task-operations.ts';

const requestIdHeader = { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } };
const appliedHeader = { 'Preference-Applied': { $ref: '#/components/headers/Preference-Applied' } };
const eTagHeader = { ETag: { $ref: '#/components/headers/ETag' } };

const readProblems = ['read-model-unavailable', 'read-model-behind', 'validation'] as const;

const events = jsonResponse('Its events, oldest first; or a stream of them.', schemaRef('TaskEventList'));

const eventsOrStream: ResponseObject = {
  ...events,
  content: {
    ...events.content,
    'text/event-stream': {
      schema: {
        type: 'string',
        description:
          'Server-Sent Events: `event` is the kind, `data` a TaskEvent in JSON, `id` is for Last-Event-ID. It ends after the event of the end.',
      },
    },
  },
};

/** The operations that read. */
export const readOperations: readonly ApiOperation[] = [
  {
    method: 'get',
    path: '/api/tasks',
    scope: 'read',
    operation: {
      operationId: 'listTasks',
      summary: 'List tasks',
      description: 'Without results. The Link header leads to the next page, which costs the same at any depth.',
      tags: ['tasks'],
      parameters: [...listParameters, consistencyTokenParameter],
      responses: responses(
        {
          200: jsonResponse('A page of tasks.', schemaRef('TaskList'), {
            headers: { Link: { $ref: '#/components/headers/Link' } },
          }),
        },
        readProblems,
      ),
    },
  },
  {
    method: 'get',
    path: '/api/tasks/{id}',
    scope: 'read',
    operation: {
      operationId: 'getTask',
      summary: 'Read a task, or wait for it',
      description:
        'Finds every task that was accepted before the request: 404 means that it does not exist. `Prefer: wait=N` waits until the task has ended; with If-None-Match, until it has changed.',
      tags: ['tasks'],
      parameters: [taskIdParameter, preferParameter, ifNoneMatchParameter, consistencyTokenParameter],
      responses: responses(
        {
          200: jsonResponse('The task.', schemaRef('Task'), { headers: { ...eTagHeader, ...appliedHeader } }),
          304: {
            description: 'The task is as the client has it.',
            headers: { ...requestIdHeader, ...eTagHeader, ...appliedHeader },
          },
        },
        [...readProblems, 'task-not-found', 'task-erased'],
      ),
    },
  },
  {
    method: 'get',
    path: '/api/tasks/{id}/events',
    scope: 'read',
    operation: {
      operationId: 'getTaskEvents',
      summary: 'Read what happened to a task, or follow it',
      description:
        'With `Accept: text/event-stream` the events come as they happen, up to the end of the task. A stream that was interrupted is resumed with Last-Event-ID. The interactive page shows a stream only when it has ended: for a task that still runs, choose JSON there.',
      tags: ['tasks'],
      parameters: [taskIdParameter, lastEventIdParameter, consistencyTokenParameter],
      responses: responses(
        {
          200: eventsOrStream,
          204: {
            description: 'A stream that was told to the end already: do not ask again.',
            headers: requestIdHeader,
          },
        },
        [...readProblems, 'task-not-found', 'task-erased'],
      ),
    },
  },
  {
    method: 'get',
    path: '/api/stats',
    scope: 'read',
    operation: {
      operationId: 'getStats',
      summary: 'The service in figures',
      description: 'Tasks by status and type, throughput, and how far the read model is behind. Some seconds old.',
      tags: ['about'],
      responses: responses({ 200: jsonResponse('The figures.', schemaRef('Stats')) }, ['read-model-unavailable']),
    },
  },
];
