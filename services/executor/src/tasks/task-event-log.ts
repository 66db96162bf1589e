import { orAborted } from '@nask/async';
import { ProducerError, type Logger } from '@nask/kafka';
import type { TaskProgressed } from '@nask/schemas';
import type { EventOf, EventPublisher } from '@nask/task-log';
import { createTokenBucket } from './token-bucket.ts';

/** Rate limit of progress events: with more running tasks, each one's progress is written less often. */
const maxProgressPerSecond = 200;

export type TaskEventTopic = 'tasks.started' | 'tasks.attempt-failed' | 'tasks.completed';

/** The log that the executor's events go to. */
export interface TaskEventLog {
  /**
   * Returns once the log has the event for good; tries until then.
   * @param options.traceparent W3C trace context of the request
   * @param options.spareBytes how many bytes its record has to leave free, for copies of it; default 0
   * @throws the signal's reason, at once, when it is aborted: the event may be in the log or not
   * @throws ProducerError, see isTooLarge
   */
  append<T extends TaskEventTopic>(
    topic: T,
    event: EventOf<T>,
    options: { signal: AbortSignal; traceparent?: string | undefined; spareBytes?: number | undefined },
  ): Promise<void>;
  /** Writes a progress event without waiting, and not above a rate. It may be lost. */
  progressed(event: TaskProgressed): void;
}

/** Whether a record is larger than Kafka takes: trying again does not change that. */
export function isTooLarge(error: unknown): error is ProducerError {
  return error instanceof ProducerError && error.code === 'RECORD_TOO_LARGE';
}

/** Writes the executor's events to Kafka. */
export function createTaskEventLog(publisher: EventPublisher, logger: Logger): TaskEventLog {
  const progress = createTokenBucket(maxProgressPerSecond);
  return {
    append: (topic, event, options) =>
      orAborted(publisher.publishUntilAcknowledged(topic, event, options), options.signal),
    progressed(event) {
      if (!progress()) return;
      publisher
        .publish('tasks.progressed', event)
        .catch((error: unknown) => logger.debug({ err: error, task_id: event.task_id }, 'a progress was not written'));
    },
  };
}
