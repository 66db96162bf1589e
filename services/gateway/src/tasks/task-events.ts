import type { Context } from 'koa';
import Router from '@koa/router';
import type { Logger } from '@nask/kafka';
import type { TaskEventDocument } from '@nask/schemas';
import { InvalidRequestError, UnavailableError } from '../errors.ts';
import { isToldToTheEnd, type FollowedEvent } from './follow-task.ts';
import { eventResource, inOrder, parsePositions, positionsText } from './task-history.rules.ts';
import type { Positions } from '../read-model/task-state.ts';
import type { VisibleTaskDocument } from './task-view.rules.ts';
import { consistentRead, type ReachPositions } from '../read-model/consistent-read.ts';
import { openEventStream, type EventStream, type EventStreamOptions } from '../http/event-stream.ts';
import { withTask } from './one-task.ts';
import { createPlaces } from '../http/places.ts';

/** What the routes do, apart from HTTP. */
export interface EventOperations {
  /** Finds a task; `startBound` is called if it has to wait. @throws TaskNotFoundError */
  find(id: number, startBound: () => AbortSignal): Promise<VisibleTaskDocument>;
  history(id: number): Promise<readonly TaskEventDocument[]>;
  /** Tells the events of a task as they come, after those that are told, to its end. Throws the signal's reason. */
  follow(id: number, told: Positions, signal: AbortSignal): AsyncIterable<FollowedEvent>;
  reach: ReachPositions;
}

export interface EventLimits extends EventStreamOptions {
  readWaitMs: number;
  /** How many streams there are at once; what comes above it is answered 503. */
  maxEventStreams: number;
  logger: Logger;
}

/** What happened to a task: as a list, or as a stream that goes on to its end. */
export function createEventRoutes(operations: EventOperations, limits: EventLimits): Router {
  const { readWaitMs, maxEventStreams } = limits;
  const places = createPlaces(maxEventStreams);
  const consistent = consistentRead((positions, signal) => operations.reach(positions, signal), readWaitMs);
  const router = new Router();

  router.get('/api/tasks/:id/events', consistent, async (ctx) => {
    const { _id: id } = await withTask(ctx, readWaitMs, operations.find);
    ctx.set('Vary', 'Accept');
    if (ctx.accepts('json', 'text/event-stream') === 'text/event-stream') {
      startStream(ctx, id);
      return;
    }
    ctx.set('Cache-Control', 'private, no-cache');
    ctx.body = { events: inOrder(await operations.history(id)).map(eventResource) };
  });

  function startStream(ctx: Context, id: number): void {
    const told = lastEventIdOf(ctx);
    // To a browser that is the word not to connect again.
    if (isToldToTheEnd(told)) {
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
      throw new UnavailableError('OVERLOADED', `The gateway serves at most ${maxEventStreams} event streams at once.`);
    const stream = openEventStream(ctx, limits);
    stream.signal.addEventListener('abort', leave, { once: true });
    void tell(stream, operations.follow(id, told, stream.signal), limits.logger);
  }

  return router;
}

async function tell(stream: EventStream, followed: AsyncIterable<FollowedEvent>, logger: Logger): Promise<void> {
  try {
    for await (const { event, told } of followed)
      await stream.send({ id: positionsText(told), event: event.event, data: JSON.stringify(eventResource(event)) });
    stream.end('end of the stream: no more events');
  } catch (error) {
    if (stream.signal.aborted) return;
    if (!(error instanceof UnavailableError)) logger.error({ err: error }, 'An event stream failed unexpectedly');
    // Whoever connects again goes on from here.
    stream.end('interrupted: connect again');
  }
}

function lastEventIdOf(ctx: Context): Positions {
  const header = ctx.get('last-event-id');
  const told = header === '' ? {} : parsePositions(header);
  if (told === undefined)
    throw new InvalidRequestError([
      { parameter: 'Last-Event-ID', detail: 'must be the id of an event of this stream' },
    ]);
  return told;
}
