import { ProducerError } from '@nask/kafka';
import { eventHeaders } from '@nask/task-log';
import { OutcomeUnknownError, TaskTooLargeError, UnavailableError } from '../errors.ts';
import type { TaskPublisher } from './accept-task.ts';
import type { TaskIdSource } from '../task-ids/task-id-source.ts';
import type { EventPublisherOptions } from './confirmed-event.ts';
import { newEventId } from './new-event-id.ts';

/**
 * Writes tasks as TaskRequested.
 * @param options.deadlineMs how long an id may take, and for messages: how long a request may take in all
 */
export function createTaskPublisher(options: EventPublisherOptions & { ids: TaskIdSource }): TaskPublisher {
  const { producer, codec, ids, deadlineMs } = options;

  function assertKnowsSchemas(): void {
    if (!options.knowsSchemas())
      throw new UnavailableError(
        'NOT_ACCEPTED',
        'The schema registry has not answered since this gateway started, so events cannot be written yet. The task was not accepted.',
      );
  }

  return {
    async identify() {
      assertKnowsSchemas();
      const requestedAtMs = Date.now();
      return { taskId: ids.take() ?? (await idWithin(ids, deadlineMs)), eventId: newEventId(), requestedAtMs };
    },
    async publish(task, { taskId, eventId, requestedAtMs }, { requestId, traceparent }, leftMs) {
      assertKnowsSchemas();
      const value = codec.encode('tasks.requested', {
        event_id: eventId,
        task_id: taskId,
        type: task.type,
        payload: task.payloadJson,
        notify_url: task.notifyUrl,
        requested_at: requestedAtMs,
        timeout_ms: task.timeoutMs,
      });
      const key = String(taskId);
      const headers = eventHeaders({
        id: eventId,
        type: 'TaskRequested',
        source: options.source,
        subject: key,
        timeMs: requestedAtMs,
        requestId,
        traceparent,
      });
      try {
        return await producer.send({ topic: 'tasks.requested', key, value, headers }, { deadlineMs: leftMs });
      } catch (error) {
        throw refusalOf(error, taskId, deadlineMs);
      }
    },
  };
}

async function idWithin(ids: TaskIdSource, deadlineMs: number): Promise<number> {
  const controller = new AbortController();
  const timer = setTimeout(
    () =>
      controller.abort(
        new UnavailableError(
          'NOT_ACCEPTED',
          `Kafka did not lease a task id within ${deadlineMs} ms. The task was not accepted.`,
        ),
      ),
    deadlineMs,
  );
  try {
    return await ids.next(controller.signal);
  } finally {
    clearTimeout(timer);
  }
}

function refusalOf(error: unknown, id: number, deadlineMs: number): unknown {
  if (!(error instanceof ProducerError)) return error;
  if (error.code === 'RECORD_TOO_LARGE')
    return new TaskTooLargeError('The task is larger than Kafka takes as one record.', { cause: error });
  if (error.outcomeUnknown)
    return new OutcomeUnknownError(
      id,
      `Kafka did not acknowledge the task within ${deadlineMs} ms, so whether it was accepted is unknown: if it was, it is task ${id}, ` +
        `and GET /api/tasks/${id} will find it. Repeating the request before that may run it twice.`,
      { cause: error },
    );
  if (error.code === 'STOPPED')
    return new UnavailableError('STOPPING', 'The gateway is stopping. The task was not accepted.', { cause: error });
  if (error.code === 'QUEUE_FULL')
    return new UnavailableError('NOT_ACCEPTED', 'The queue towards Kafka is full. The task was not accepted.', {
      cause: error,
    });
  return new UnavailableError(
    'NOT_ACCEPTED',
    `Kafka did not take the task within ${deadlineMs} ms. It was not accepted.`,
    { cause: error },
  );
}
