import type { Correlation } from '../http/correlation.ts';
import { redeliveryOf } from './redeliver-outcome.ts';
import type { VisibleTaskDocument } from '../tasks/task-view.rules.ts';
import { writeConfirmed, type EventPublisherOptions } from '../tasks/confirmed-event.ts';
import { newEventId } from '../tasks/new-event-id.ts';

/**
 * Makes the function that asks for the outcome of a task to be sent again: resolves once Kafka acknowledged it.
 * @throws TaskNotEndedError, NoNotifyUrlError; UnavailableError when it is not certain that it was taken
 */
export function createRedeliveryPublisher(
  options: EventPublisherOptions,
): (document: VisibleTaskDocument, correlation: Correlation) => Promise<void> {
  return async (document, correlation) => {
    const timeMs = Date.now();
    const event = redeliveryOf(document, newEventId(), timeMs);
    await writeConfirmed(
      options,
      'notifications.redelivery-requested',
      event,
      { ...correlation, timeMs },
      {
        code: 'REDELIVERY_UNCERTAIN',
        notAcknowledged: 'take it',
      },
    );
  };
}
