import { taskResource, type TaskCompleted } from '@nask/schemas';
import { webhookTarget, type WebhookTarget } from './webhook-target.ts';

/** What is to be sent about one ended task: the same, to the byte, for every attempt. */
export interface Webhook {
  /** `webhook-id`: receivers know a repeat by it. */
  id: string;
  taskId: number;
  target: WebhookTarget;
  /** JSON text of the task as the API shows it. */
  body: string;
  /** When the task ended, in milliseconds since 1970. */
  completedAtMs: number;
}

/**
 * The webhook of an outcome; undefined when nobody asked for one.
 * @throws UnusableUrlError
 * @throws SyntaxError when the payload or the result is not JSON
 */
export function webhookOf(completed: TaskCompleted): Webhook | undefined {
  if (completed.notify_url === null) return undefined;
  const resource = taskResource({
    id: completed.task_id,
    type: completed.type,
    status: completed.outcome,
    notifyUrl: completed.notify_url,
    payloadJson: completed.payload,
    resultJson: completed.result,
    error: completed.error,
    createdAtMs: completed.requested_at,
    startedAtMs: completed.started_at,
    completedAtMs: completed.completed_at,
  });
  return {
    id: webhookId(completed),
    taskId: completed.task_id,
    target: webhookTarget(completed.notify_url),
    body: JSON.stringify(resource),
    completedAtMs: completed.completed_at,
  };
}

/**
 * Made of the task alone and not of the completion: whichever attempt ended the task, and however often the outcome is
 * sent, it is one webhook. The time of the request keeps apart the ids of two systems that notify the same receiver.
 */
export function webhookId({ task_id: taskId, requested_at: requestedAtMs }: TaskCompleted): string {
  return `task_${taskId}_${requestedAtMs.toString(36)}`;
}
