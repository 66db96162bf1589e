import { DeadLetterError } from '@nask/kafka';
import type { EventHandler, EventPublisher } from '@nask/task-log';
import type { Outcome, RedeliveryRequested, TaskCompleted, TaskError } from '@nask/schemas';
import type { WebhookDelivery } from './delivery/webhook-delivery.ts';
import type { DeliveryMemory } from './memory/delivery-memory.ts';
import type { NotifierMetrics } from './metrics.ts';

/** A redelivery was requested: begins a new round for the task's webhook, which replaces the rounds before. */
export function onRedeliveryRequested(parts: {
  memory: DeliveryMemory;
  delivery: WebhookDelivery;
  metrics: NotifierMetrics;
  publisher: Pick<EventPublisher, 'recordOf'>;
}): EventHandler<'notifications.redelivery-requested'> {
  const { memory, delivery, metrics, publisher } = parts;
  return async (record, { read, signal }) => {
    const request = await read();
    const completed = completedIn(request);
    const { completion_offset: completionOffset } = request;
    const id = { taskKey: String(request.task_id), completionOffset, round: 1 + record.offset, attempt: 1 };
    if (!memory.isDue(id)) return metrics.repeatSkipped();
    const completion = {
      ...publisher.recordOf('tasks.completed', completed, { source: record.headers['ce_source'] ?? '/nask/gateway' }),
      partition: record.partition,
      offset: completionOffset,
      timestampMs: completed.completed_at,
    };
    await delivery.deliver(completed, { id, completion, sinceMs: Date.now(), parked: 0 }, signal);
  };
}

const outcomes: ReadonlySet<string> = new Set<Outcome>(['SUCCESS', 'FAILURE', 'REVOKED']);

function completedIn(request: RedeliveryRequested): TaskCompleted {
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
    error: errorIn(request),
    include_result: request.include_result,
    run_at: request.run_at,
  };
}

function errorIn({ error_code: code, error_message, error_causes: causes }: RedeliveryRequested): TaskError | null {
  return code === null ? null : { code, message: error_message ?? '', causes };
}
