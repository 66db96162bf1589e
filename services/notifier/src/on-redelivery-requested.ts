import { DeadLetterError, type ConsumedRecord } from '@nask/kafka';
import { eventHeaders, UndecodableError } from '@nask/task-log';
import type { Outcome, RedeliveryRequested, TaskCompleted } from '@nask/schemas';
import type { AttemptId, DeliveryMemory } from './memory/delivery-memory.ts';
import type { NotifierMetrics } from './metrics.ts';
import type { WebhookDelivery } from './delivery/webhook-delivery.ts';

/**
 * Handles a record of `notifications.redelivery-requested`: begins a new round for the task's webhook, which takes the
 * place of the rounds before.
 * @throws DeadLetterError for a record that is not understood
 */
export function createRedeliveryHandler(options: {
  decode: (value: Buffer | null) => RedeliveryRequested | Promise<RedeliveryRequested>;
  /** The value that a record of `tasks.completed` with this event has. */
  encode: (completed: TaskCompleted) => Buffer;
  memory: DeliveryMemory;
  delivery: WebhookDelivery;
  metrics: NotifierMetrics;
}): (record: ConsumedRecord, context: { signal: AbortSignal }) => Promise<void> {
  const { decode, encode, memory, delivery, metrics } = options;

  return async (record, { signal }) => {
    const request = await requestIn(record, decode);
    const completed = completedOf(request);
    const taskKey = String(request.task_id);
    const { completion_offset: completionOffset } = request;
    const id: AttemptId = { taskKey, completionOffset, round: 1 + record.offset, attempt: 1 };
    if (!memory.isDue(id)) return metrics.repeatSkipped();
    const completion = {
      partition: record.partition,
      offset: completionOffset,
      key: taskKey,
      value: encode(completed),
      headers: eventHeaders({
        id: completed.event_id,
        type: 'TaskCompleted',
        source: record.headers['ce_source'] ?? '/nask/gateway',
        subject: taskKey,
        timeMs: completed.completed_at,
      }),
      timestampMs: completed.completed_at,
    };
    await delivery.deliver(completed, { id, completion, sinceMs: Date.now(), parked: 0 }, signal);
  };
}

async function requestIn(
  { key, value }: ConsumedRecord,
  decode: (value: Buffer | null) => RedeliveryRequested | Promise<RedeliveryRequested>,
): Promise<RedeliveryRequested> {
  try {
    const request = await decode(value);
    if (String(request.task_id) === key) return request;
    throw new DeadLetterError(`The key ${JSON.stringify(key)} is not the id of the task, ${request.task_id}`);
  } catch (error) {
    if (error instanceof UndecodableError)
      throw new DeadLetterError(`This is no request of a redelivery: ${error.message}`, { cause: error });
    throw error;
  }
}

const outcomes: ReadonlySet<string> = new Set<Outcome>(['SUCCESS', 'FAILURE', 'REVOKED']);

function completedOf(request: RedeliveryRequested): TaskCompleted {
  if (!outcomes.has(request.outcome))
    throw new DeadLetterError(`outcome is ${JSON.stringify(request.outcome.slice(0, 40))}, which is none`);
  return {
    event_id: request.completion_event_id,
    task_id: request.task_id,
    type: request.type,
    payload: request.payload,
    notify_url: request.notify_url,
    requested_at: request.requested_at,
    started_at: request.started_at,
    completed_at: request.completed_at,
    attempt: request.attempt,
    executor: request.executor,
    outcome: request.outcome as Outcome,
    result: request.result,
    error: request.error_code === null ? null : { code: request.error_code, message: request.error_message ?? '' },
  };
}
