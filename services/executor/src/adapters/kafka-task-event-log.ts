import { setTimeout } from 'node:timers/promises';
import { eventHeaders, ProducerError, type EventCodec, type GroupCommitProducer, type Logger } from '@nask/kafka';
import { backoffMs } from '../domain/backoff.ts';
import { orAborted } from '../domain/or-aborted.ts';
import { EventTooLargeError, type PublishOptions, type TaskEventLog } from '../execution/task-event-log.ts';

/**
 * Writes the executor's events to Kafka, keyed by task id. What Kafka does not acknowledge is sent again, with backoff,
 * until it does: a repeated event has the same event id. The producer's queue bounds what waits.
 * @param source CloudEvents source of the events
 */
export function createKafkaTaskEventLog(options: {
  producer: GroupCommitProducer;
  codec: EventCodec;
  source: string;
  logger: Logger;
}): TaskEventLog {
  const { producer, codec, source, logger } = options;

  async function publish(
    record: { topic: string; type: string; value: Buffer; eventId: string; taskId: number; timeMs: number },
    { signal, traceparent }: PublishOptions,
  ): Promise<void> {
    const { topic, type, value, eventId, taskId, timeMs } = record;
    const key = String(taskId);
    const headers = eventHeaders({ id: eventId, type, source, subject: key, timeMs, traceparent });
    for (let failures = 1; ; failures++) {
      try {
        await orAborted(producer.send({ topic, key, value, headers }), signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof ProducerError && error.code === 'RECORD_TOO_LARGE')
          throw new EventTooLargeError(error.message, { cause: error });
        logger.warn({ err: error, topic, task_id: taskId, failures }, 'Kafka did not take an event; it is sent again');
        await setTimeout(backoffMs(failures, Math.random()), undefined, { signal }).catch(() => {});
        signal.throwIfAborted();
      }
    }
  }

  return {
    started: (event, context) =>
      publish(
        {
          topic: 'tasks.started',
          type: 'TaskStarted',
          value: codec.encode('tasks.started', event),
          eventId: event.event_id,
          taskId: event.task_id,
          timeMs: event.started_at,
        },
        context,
      ),
    completed: (event, context) =>
      publish(
        {
          topic: 'tasks.completed',
          type: 'TaskCompleted',
          value: codec.encode('tasks.completed', event),
          eventId: event.event_id,
          taskId: event.task_id,
          timeMs: event.completed_at,
        },
        context,
      ),
  };
}
