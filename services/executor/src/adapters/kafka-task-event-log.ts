import { setTimeout } from 'node:timers/promises';
import { eventHeaders, ProducerError, type EventCodec, type GroupCommitProducer, type Logger } from '@nask/kafka';
import type { EventName, TaskProgressed } from '@nask/schemas';
import { backoffMs } from '../domain/backoff.ts';
import { orAborted } from '../domain/or-aborted.ts';
import { EventTooLargeError, type PublishOptions, type TaskEventLog } from '../execution/task-event-log.ts';
import { createRateLimit } from './rate-limit.ts';

/** What progress may cost: with more tasks that tell of theirs, each is heard less often. */
const maxProgressPerSecond = 200;

interface Entry {
  topic: string;
  type: EventName;
  value: Buffer;
  event: { event_id: string; task_id: number };
  timeMs: number;
}

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
  const mayTellProgress = createRateLimit(maxProgressPerSecond);

  function recordOf({ topic, type, value, event, timeMs }: Entry, traceparent?: string) {
    const key = String(event.task_id);
    const headers = eventHeaders({ id: event.event_id, type, source, subject: key, timeMs, traceparent });
    return { topic, key, value, headers };
  }

  async function publish(entry: Entry, { signal, traceparent }: PublishOptions): Promise<void> {
    const record = recordOf(entry, traceparent);
    for (let failures = 1; ; failures++) {
      try {
        await orAborted(producer.send(record), signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof ProducerError && error.code === 'RECORD_TOO_LARGE')
          throw new EventTooLargeError(error.message, { cause: error });
        const { topic, key } = record;
        logger.warn({ err: error, topic, task_id: key, failures }, 'Kafka did not take an event; it is sent again');
        await setTimeout(backoffMs(failures, Math.random()), undefined, { signal }).catch(() => {});
        signal.throwIfAborted();
      }
    }
  }

  return {
    started(event, context) {
      const [topic, value] = ['tasks.started', codec.encode('tasks.started', event)];
      return publish({ topic, type: 'TaskStarted', value, event, timeMs: event.started_at }, context);
    },
    attemptFailed(event, context) {
      const [topic, value] = ['tasks.attempt-failed', codec.encode('tasks.attempt-failed', event)];
      return publish({ topic, type: 'TaskAttemptFailed', value, event, timeMs: event.failed_at }, context);
    },
    completed(event, context) {
      const [topic, value] = ['tasks.completed', codec.encode('tasks.completed', event)];
      return publish({ topic, type: 'TaskCompleted', value, event, timeMs: event.completed_at }, context);
    },
    progressed(event: TaskProgressed) {
      if (!mayTellProgress()) return;
      const [topic, value] = ['tasks.progressed', codec.encode('tasks.progressed', event)];
      const record = recordOf({ topic, type: 'TaskProgressed', value, event, timeMs: event.progressed_at });
      producer
        .send(record)
        .catch((error: unknown) => logger.debug({ err: error, task_id: event.task_id }, 'a progress was not written'));
    },
  };
}
