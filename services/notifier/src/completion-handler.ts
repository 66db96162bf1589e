import { DeadLetterError, UndecodableError, type ConsumedRecord } from '@nask/kafka';
import type { TaskCompleted } from '@nask/schemas';
import type { FirstCompletions } from './domain/first-completions.ts';
import { UnusableUrlError } from './domain/webhook-target.ts';
import { webhookOf, type Webhook } from './domain/webhook.ts';
import type { NotifierMetrics } from './metrics.ts';
import { UndeliverableError } from './undeliverable-error.ts';
import type { DeliverWebhook } from './webhook-delivery.ts';

/**
 * Handles a record of `tasks.completed`: delivers the webhook if the task has one and this is its first completion.
 * @throws DeadLetterError for a record that is not understood
 * @throws UndeliverableError for a webhook that was given up, or has nowhere to go
 */
export function createCompletionHandler(options: {
  /** The event of a record's value. Anything but an UndecodableError means: try again. */
  decode: (value: Buffer | null) => TaskCompleted | Promise<TaskCompleted>;
  completions: FirstCompletions;
  deliver: DeliverWebhook;
  metrics: NotifierMetrics;
}): (record: ConsumedRecord, context: { signal: AbortSignal }) => Promise<void> {
  const { decode, completions, deliver, metrics } = options;

  async function webhookIn({ key, value }: ConsumedRecord): Promise<Webhook | undefined> {
    try {
      const completed = await decode(value);
      if (String(completed.task_id) !== key) {
        throw new DeadLetterError(`The key ${JSON.stringify(key)} is not the id of the task, ${completed.task_id}`);
      }
      return webhookOf(completed);
    } catch (error) {
      if (error instanceof UnusableUrlError) {
        metrics.givenUp('unusable-url');
        throw new UndeliverableError(error.message, { cause: error });
      }
      if (error instanceof UndecodableError || error instanceof SyntaxError) {
        throw new DeadLetterError(`This is no completion: ${error.message}`, { cause: error });
      }
      throw error;
    }
  }

  return async (record, { signal }) => {
    const { key, offset } = record;
    if (key === null) throw new DeadLetterError('A completion has the id of its task as its key; here there is no key');
    // Before anything is waited for: records come in the order of their offsets, and the first is to be here first.
    if (!completions.claim(key, offset)) {
      metrics.repeatSkipped();
      return;
    }
    let webhook: Webhook | undefined;
    try {
      webhook = await webhookIn(record);
    } catch (error) {
      if (error instanceof DeadLetterError) completions.release(key, offset);
      throw error;
    }
    if (webhook === undefined) {
      completions.release(key, offset);
      return;
    }
    await deliver(webhook, signal);
    completions.delivered(key, offset);
  };
}
