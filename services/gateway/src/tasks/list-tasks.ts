import { taskStatuses } from '@nask/schemas';
import { inFlightLimit } from '../http/request-bounds.ts';
import { jsonResponse, responses, type RouteHandler, type Operation, type ParameterObject } from '../http/route.ts';
import { schemaRef } from '../http/schema.rules.ts';
import {
  consistencyTokenParameter,
  consistentRead,
  readProblems,
  type ConsistentReadApi,
} from '../read-model/consistency.ts';
import {
  listOrders,
  maxCursorLength,
  maxPageSize,
  maxTypeLength,
  nextPageQuery,
  parseTaskList,
  type TaskList,
} from './task-list.rules.ts';
import { viewOf, type VisibleTaskDocument } from './task-view.rules.ts';

const anyStatus = taskStatuses.join('|');

const time = { type: 'string', format: 'date-time' };

/** The query parameters of the list. */
const listParameters: readonly ParameterObject[] = [
  {
    name: 'status',
    in: 'query',
    description: 'Only tasks with this status; or with one of several, separated by commas.',
    schema: {
      type: 'string',
      pattern: `^(${anyStatus})(,(${anyStatus})){0,${taskStatuses.length - 1}}$`,
      examples: ['FAILURE'],
    },
  },
  {
    name: 'type',
    in: 'query',
    description: 'Only tasks of this type.',
    schema: { type: 'string', minLength: 1, maxLength: maxTypeLength, examples: ['prime'] },
  },
  {
    name: 'created_after',
    in: 'query',
    description: 'Only tasks that were accepted at this time or later.',
    schema: time,
  },
  { name: 'created_before', in: 'query', description: 'Only tasks that were accepted before this time.', schema: time },
  {
    name: 'order',
    in: 'query',
    description:
      'By id, or by the time of acceptance (ids of several gateways are not in the order of time); with a hyphen, descending.',
    schema: { type: 'string', enum: listOrders, default: 'id' },
  },
  {
    name: 'limit',
    in: 'query',
    description: 'How many tasks at most.',
    schema: { type: 'integer', minimum: 1, maximum: maxPageSize, default: maxPageSize },
  },
  {
    name: 'cursor',
    in: 'query',
    description:
      'Where to go on: from the Link header of the page before. Opaque, and only for the order of that page.',
    schema: { type: 'string', maxLength: maxCursorLength },
  },
];

export const listTasksOperation: Operation = {
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
};

/** One page of a list, without results. */
interface TaskPage {
  documents: VisibleTaskDocument[];
  /** Whether there are tasks after it. */
  hasMore: boolean;
}

/** How many lists are read and sent at once: each may have some megabytes. */
const maxListsInFlight = 50;

/** `GET /api/tasks`: a page of tasks, and the link to the next one. */
export function listTasks(
  api: { operations: { list(list: TaskList): Promise<TaskPage> } } & ConsistentReadApi,
): readonly RouteHandler[] {
  return [
    inFlightLimit(maxListsInFlight),
    consistentRead(api),
    async (ctx) => {
      const list = parseTaskList(ctx.query);
      const { documents, hasMore } = await api.operations.list(list);
      const last = documents.at(-1);
      if (hasMore && last !== undefined) ctx.set('Link', `</api/tasks?${nextPageQuery(list, last)}>; rel="next"`);
      ctx.body = { tasks: documents.map(viewOf) };
    },
  ];
}
