import { DeadLetterError } from '@nask/kafka';
import type { EventHandler } from '@nask/task-log';
import { completionIn } from './delivery/notification-log.ts';
import type { WebhookDelivery } from './delivery/webhook-delivery.ts';
import type { DeliveryMemory } from './memory/delivery-memory.ts';
import type { NotifierMetrics } from './metrics.ts';

/** A task ended: makes the first attempt at its webhook, if the task has one and the attempt is due. */
export function onTaskCompleted(parts: {
  memory: DeliveryMemory;
  delivery: WebhookDelivery;
  metrics: NotifierMetrics;
}): EventHandler<'tasks.completed'> {
  const { memory, delivery, metrics } = parts;
  return async (record, { read, signal }) => {
    const completion = completionIn(record);
    const { key: taskKey, offset: completionOffset } = completion;
    const id = { taskKey, completionOffset, round: 0, attempt: 1 };
    // Before anything is awaited: records come in the order of their offsets, and the first must be here first.
    if (!memory.isDue(id)) return metrics.repeatSkipped();
    try {
      const due = { id, completion, sinceMs: Date.now(), parked: 0 };
      const hasWebhook = await delivery.deliver(await read(), due, signal);
      if (!hasWebhook) memory.release(taskKey, completionOffset);
    } catch (error) {
      if (error instanceof DeadLetterError) memory.release(taskKey, completionOffset);
      throw error;
    }
  };
}
