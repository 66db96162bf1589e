import { taskStatuses } from '@nask/schemas';
import { consistencyTokenHeader, maxTokensLength } from '../read-model/consistency-token.ts';
import { maxCursorLength, maxPageSize } from './page.ts';
import { listOrders, maxTypeLength } from './task-list.rules.ts';
import type { ParameterObject } from '../http/api-operation.ts';

const anyStatus = taskStatuses.join('|');

const time = { type: 'string', format: 'date-time' };

/** The query parameters of the list. */
export const listParameters: readonly ParameterObject[] = [
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

export const preferParameter: ParameterObject = {
  name: 'Prefer',
  in: 'header',
  description:
    'RFC 7240. `wait=N`: the answer may take up to N seconds, until there is what is waited for. Preference-Applied says that it did wait, and how long it would have at most. What cannot be understood is ignored.',
  schema: { type: 'string', examples: ['wait=10'] },
};

export const consistencyTokenParameter: ParameterObject = {
  name: consistencyTokenHeader,
  in: 'header',
  description:
    'From the answer to a write, or several, separated by commas: the answer is at least as new as that, or 503 after a bound. A read by id right after a POST needs none.',
  schema: { type: 'string', maxLength: maxTokensLength },
};

export const ifNoneMatchParameter: ParameterObject = {
  name: 'If-None-Match',
  in: 'header',
  description:
    'Entity tags that the client has: 304 when the task is still so. With `Prefer: wait`, waits for a change.',
  schema: { type: 'string' },
};

export const lastEventIdParameter: ParameterObject = {
  name: 'Last-Event-ID',
  in: 'header',
  description: 'The id of the last event that the client has of the stream: it goes on after it.',
  schema: { type: 'string' },
};
