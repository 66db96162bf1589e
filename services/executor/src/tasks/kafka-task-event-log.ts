import { type GroupCommitProducer, type Logger } from '@nask/kafka';
import { eventHeaders, type EventCodec } from '@nask/task-log';
import type { EventName, TaskProgressed } from '@nask/schemas';
import type { PublishOptions, TaskEventLog } from './task-event-log.ts';
import { createRateLimit } from './rate-limit.ts';
import type { WriteRecord } from './record-writer.ts';

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
 * Writes the executor's events to Kafka, keyed by task id. A repeated event has the same event id.
 * @param write for the events that have to be in the log
 * @param producer for those that may be lost
 * @param source CloudEvents source of the events
 */
export function createKafkaTaskEventLog(options: {
  write: WriteRecord;
  producer: GroupCommitProducer;
  codec: EventCodec;
  source: string;
  logger: Logger;
}): TaskEventLog {
  const { write, producer, codec, source, logger } = options;
  const mayTellProgress = createRateLimit(maxProgressPerSecond);

  function recordOf({ topic, type, value, event, timeMs }: Entry, traceparent?: string) {
    const key = String(event.task_id);
    const headers = eventHeaders({ id: event.event_id, type, source, subject: key, timeMs, traceparent });
    return { topic, key, value, headers };
  }

  const publish = (entry: Entry, { signal, traceparent }: PublishOptions) =>
    write(recordOf(entry, traceparent), signal);

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
