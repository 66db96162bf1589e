import { DeadLetterError } from '@nask/kafka';
import type { RetryTopicName } from '@nask/schemas';
import type { EventHandler } from '@nask/task-log';
import { completionIn } from './delivery/notification-log.ts';
import { RetryHeadersError, retryDetails, withoutRetryHeaders, type RetryDetails } from './delivery/retries.rules.ts';
import type { WebhookDelivery } from './delivery/webhook-delivery.ts';
import type { DeliveryMemory } from './memory/delivery-memory.ts';
import type { NotifierMetrics } from './metrics.ts';

/** The delay of a retry is over: makes the attempt that its headers name, if it is still due. */
export function onRetryDue(parts: {
  memory: DeliveryMemory;
  delivery: WebhookDelivery;
  metrics: NotifierMetrics;
}): EventHandler<RetryTopicName> {
  const { memory, delivery, metrics } = parts;
  return async (record, { read, signal }) => {
    const { sinceMs, parked, completionOffset, round, attempt } = detailsIn(record.headers);
    const headers = withoutRetryHeaders(record.headers);
    const completion = { ...completionIn(record), offset: completionOffset, headers };
    const id = { taskKey: completion.key, completionOffset, round, attempt };
    if (!memory.isDue(id)) return metrics.repeatSkipped();
    await delivery.deliver(await read(), { id, completion, sinceMs, parked }, signal);
  };
}

function detailsIn(headers: Readonly<Record<string, string>>): RetryDetails {
  try {
    return retryDetails(headers);
  } catch (error) {
    if (error instanceof RetryHeadersError) throw new DeadLetterError(error.message, { cause: error });
    throw error;
  }
}
