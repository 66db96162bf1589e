import { DeadLetterError, type ConsumedRecord } from '@nask/kafka';
import { UndecodableError } from '@nask/task-log';
import type { TaskCompleted } from '@nask/schemas';
import type { CompletionRecord } from './delivery/notification-log.ts';
import { RetryHeadersError, retryDetails, withoutRetryHeaders } from './delivery/retries.rules.ts';
import type { WebhookDelivery } from './delivery/webhook-delivery.ts';
import type { AttemptId, DeliveryMemory } from './memory/delivery-memory.ts';
import type { NotifierMetrics } from './metrics.ts';

export interface CompletionHandlerOptions {
  /** The event of a value of `tasks.completed`. Anything but an UndecodableError means: try again. */
  decode: (value: Buffer | null) => TaskCompleted | Promise<TaskCompleted>;
  memory: DeliveryMemory;
  delivery: WebhookDelivery;
  metrics: NotifierMetrics;
}

type Handle = (record: ConsumedRecord, context: { signal: AbortSignal }) => Promise<void>;

/**
 * Handles a record of `tasks.completed`, or of a retry topic, whose values are the same: makes an attempt at the webhook
 * if the task has one and the attempt is still due.
 * @throws DeadLetterError for a record that is not understood
 */
export function createCompletionHandler(options: CompletionHandlerOptions): { completed: Handle; retried: Handle } {
  const { decode, memory, delivery, metrics } = options;

  async function completedIn({ key, value }: ConsumedRecord): Promise<TaskCompleted> {
    try {
      const completed = await decode(value);
      if (String(completed.task_id) === key) return completed;
      throw new DeadLetterError(`The key ${JSON.stringify(key)} is not the id of the task, ${completed.task_id}`);
    } catch (error) {
      if (error instanceof UndecodableError) throw noCompletion(error);
      throw error;
    }
  }

  return {
    async completed(record, { signal }) {
      const { offset: completionOffset } = record;
      const taskKey = keyOf(record);
      const id: AttemptId = { taskKey, completionOffset, round: 0, attempt: 1 };
      // Before anything is waited for: records come in the order of their offsets, and the first is to be here first.
      if (!memory.isDue(id)) return metrics.repeatSkipped();
      const completion = completionOf(record, taskKey);
      try {
        const due = { id, completion, sinceMs: Date.now(), parked: 0 };
        const hasWebhook = await delivery.deliver(await completedIn(record), due, signal);
        if (!hasWebhook) memory.release(taskKey, completionOffset);
      } catch (error) {
        if (error instanceof DeadLetterError) memory.release(taskKey, completionOffset);
        throw error;
      }
    },

    async retried(record, { signal }) {
      const taskKey = keyOf(record);
      const { sinceMs, parked, completionOffset, round, attempt: number } = detailsOf(record);
      const id: AttemptId = { taskKey, completionOffset, round, attempt: number };
      if (!memory.isDue(id)) return metrics.repeatSkipped();
      const completion = {
        ...completionOf(record, taskKey),
        offset: completionOffset,
        headers: withoutRetryHeaders(record.headers),
      };
      await delivery.deliver(await completedIn(record), { id, completion, sinceMs, parked }, signal);
    },
  };
}

function keyOf({ key }: ConsumedRecord): string {
  if (key === null) throw new DeadLetterError('A completion has the id of its task as its key; here there is no key');
  return key;
}

function completionOf(
  { partition, offset, value, headers, timestampMs }: ConsumedRecord,
  key: string,
): CompletionRecord {
  return { partition, offset, key, value: value ?? Buffer.alloc(0), headers, timestampMs };
}

function detailsOf({ headers }: ConsumedRecord) {
  try {
    return retryDetails(headers);
  } catch (error) {
    if (error instanceof RetryHeadersError) throw new DeadLetterError(error.message, { cause: error });
    throw error;
  }
}

function noCompletion(error: Error): DeadLetterError {
  return new DeadLetterError(`This is no completion: ${error.message}`, { cause: error });
}
