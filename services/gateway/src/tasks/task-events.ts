import type { Context } from 'koa';
import type { Logger } from '@nask/kafka';
import type { TaskEventDocument } from '@nask/schemas';
import { InvalidRequestError, UnavailableError } from '../errors.ts';
import { openEventStream, type EventStream, type EventStreamOptions } from '../http/event-stream.ts';
import { createPlaces } from '../http/request-bounds.ts';
import {
  jsonResponse,
  requestIdHeader,
  responses,
  type RouteHandler,
  type Operation,
  type ParameterObject,
  type ResponseObject,
} from '../http/route.ts';
import { schemaRef } from '../http/schema.rules.ts';
import {
  consistencyTokenParameter,
  consistentRead,
  readProblems,
  type ConsistentReadApi,
} from '../read-model/consistency.ts';
import type { FindTask } from '../read-model/find-task.ts';
import type { Positions } from '../read-model/task-state.rules.ts';
import { isComplete, type FollowedEvent } from './follow-task.ts';
import { taskIdParameter, withTask } from './one-task.ts';
import { eventResource, inOrder, parsePositions, positionsText } from './task-history.rules.ts';

const lastEventIdParameter: ParameterObject = {
  name: 'Last-Event-ID',
  in: 'header',
  description: 'The id of the last event that the client has of the stream: it goes on after it.',
  schema: { type: 'string' },
};

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

const countSchema = { type: 'integer', minimum: 0 };

export const taskEventsOperation: Operation = {
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
  schemas: {
    TaskEvent: {
      type: 'object',
      required: ['event', 'event_id', 'time', 'topic', 'partition', 'offset', 'data'],
      additionalProperties: false,
      properties: {
        event: { type: 'string', description: 'Its kind: TaskRequested, TaskStarted, TaskCompleted …' },
        event_id: { type: 'string', description: 'The same for a repeat.' },
        time: { type: 'string', format: 'date-time', description: 'By the clock of whoever wrote it.' },
        attempt: { type: 'integer', minimum: 0, description: 'Of the task. Absent where the event belongs to none.' },
        topic: { type: 'string', description: 'Where it is in the log: the topic,' },
        partition: { ...countSchema, description: 'the partition' },
        offset: { ...countSchema, description: 'and the offset.' },
        data: { type: 'object', description: 'What else it says: executor, outcome, error, fraction …' },
      },
    },
    TaskEventList: {
      type: 'object',
      required: ['events'],
      additionalProperties: false,
      properties: { events: { type: 'array', items: schemaRef('TaskEvent'), description: 'Oldest first.' } },
    },
  },
};

interface EventOperations {
  find: FindTask;
  history(id: number): Promise<readonly TaskEventDocument[]>;
  /** The events of a task after these positions, as they come, to its end. Throws the signal's reason. */
  follow(id: number, after: Positions, signal: AbortSignal): AsyncIterable<FollowedEvent>;
}

/** `GET /api/tasks/{id}/events`: the history of a task, as a list or as a stream that goes on to its end. */
export function taskEvents(
  api: {
    operations: EventOperations;
    /** How many streams there are at once; what comes above it is answered 503. */
    maxEventStreams: number;
    logger: Logger;
  } & EventStreamOptions &
    ConsistentReadApi,
): readonly RouteHandler[] {
  const { operations } = api;
  const places = createPlaces(api.maxEventStreams);

  function startStream(ctx: Context, id: number): void {
    const after = lastEventIdOf(ctx);
    // 204 keeps browsers from connecting again.
    if (isComplete(after)) {
      ctx.status = 204;
      return;
    }
    if (ctx.method === 'HEAD') {
      ctx.set('Content-Type', 'text/event-stream');
      ctx.status = 200;
      return;
    }
    const leave = places.take();
    if (leave === undefined)
      throw new UnavailableError(
        'OVERLOADED',
        `The gateway serves at most ${api.maxEventStreams} event streams at once.`,
      );
    const stream = openEventStream(ctx, api);
    stream.signal.addEventListener('abort', leave, { once: true });
    void sendEvents(stream, operations.follow(id, after, stream.signal), api.logger);
  }

  return [
    consistentRead(api),
    async (ctx) => {
      const { _id: id } = await withTask(ctx, api, operations.find);
      ctx.set('Vary', 'Accept');
      if (ctx.accepts('json', 'text/event-stream') === 'text/event-stream') {
        startStream(ctx, id);
        return;
      }
      ctx.set('Cache-Control', 'private, no-cache');
      ctx.body = { events: inOrder(await operations.history(id)).map(eventResource) };
    },
  ];
}

async function sendEvents(stream: EventStream, followed: AsyncIterable<FollowedEvent>, logger: Logger): Promise<void> {
  try {
    for await (const { event, positions } of followed)
      await stream.send({
        id: positionsText(positions),
        event: event.event,
        data: JSON.stringify(eventResource(event)),
      });
    stream.end('end of the stream: no more events');
  } catch (error) {
    if (stream.signal.aborted) return;
    if (!(error instanceof UnavailableError)) logger.error({ err: error }, 'An event stream failed unexpectedly');
    // A client that reconnects continues from here.
    stream.end('interrupted: connect again');
  }
}

function lastEventIdOf(ctx: Context): Positions {
  const header = ctx.get('last-event-id');
  const positions = header === '' ? {} : parsePositions(header);
  if (positions === undefined)
    throw new InvalidRequestError([
      { parameter: 'Last-Event-ID', detail: 'must be the id of an event of this stream' },
    ]);
  return positions;
}
