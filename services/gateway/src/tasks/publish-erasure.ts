import type { LogPosition } from '../read-model/consistency-token.ts';
import type { Correlation } from '../http/correlation.ts';
import type { VisibleTaskDocument } from './task-view.rules.ts';
import { writeConfirmed, type EventPublisherOptions } from './confirmed-event.ts';
import { newEventId } from './new-event-id.ts';

/**
 * Makes the function that writes a task's TaskErased and resolves with its place in the log.
 * @throws UnavailableError ERASURE_UNCONFIRMED when Kafka does not acknowledge it by the deadline
 */
export function createErasurePublisher(
  options: EventPublisherOptions,
): (task: VisibleTaskDocument, correlation: Correlation) => Promise<LogPosition> {
  return ({ _id: task_id, requested }, correlation) => {
    const event = {
      event_id: newEventId(),
      task_id,
      requested_at: requested.requested_at.getTime(),
      erased_at: Date.now(),
    };
    const cause = { ...correlation, timeMs: event.erased_at };
    return writeConfirmed(options, 'tasks.erased', event, cause, {
      code: 'ERASURE_UNCONFIRMED',
      notWritten: 'The task is not erased.',
      notAcknowledged: `acknowledge the erasure of task ${task_id}`,
    });
  };
}
