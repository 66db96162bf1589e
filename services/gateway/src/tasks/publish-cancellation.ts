import type { LogPosition } from '../read-model/consistency-token.ts';
import type { Correlation } from '../http/correlation.ts';
import { writeConfirmed, type EventPublisherOptions } from './confirmed-event.ts';
import { newEventId } from './new-event-id.ts';

/**
 * Makes the function that writes a task's TaskCancellationRequested and resolves with its place in the log.
 * @throws UnavailableError CANCELLATION_UNCONFIRMED when Kafka does not acknowledge it by the deadline
 */
export function createCancellationPublisher(
  options: EventPublisherOptions,
): (taskId: number, correlation: Correlation) => Promise<LogPosition> {
  return (taskId, correlation) => {
    const event = { event_id: newEventId(), task_id: taskId, requested_at: Date.now() };
    const cause = { ...correlation, timeMs: event.requested_at };
    return writeConfirmed(options, 'tasks.cancellation-requested', event, cause, {
      code: 'CANCELLATION_UNCONFIRMED',
      notWritten: 'The task is not cancelled.',
      notAcknowledged: `acknowledge the cancellation of task ${taskId}`,
    });
  };
}
