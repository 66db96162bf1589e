import type { CompletedSlot, RedeliveryRequested } from '@nask/schemas';
import { NoNotifyUrlError, TaskNotEndedError } from '../errors.ts';
import type { VisibleTaskDocument } from '../tasks/task-view.rules.ts';

/** A document of a task that has ended. */
type EndedTaskDocument = VisibleTaskDocument & { completed: CompletedSlot };

/**
 * The request to send the outcome of a task again: all of the outcome, as the webhook has it.
 * @param eventId of the request
 * @param nowMs when it is made, in milliseconds since 1970
 * @throws TaskNotEndedError, NoNotifyUrlError
 */
export function redeliveryOf(document: VisibleTaskDocument, eventId: string, nowMs: number): RedeliveryRequested {
  const { _id: id, requested, started, completed } = document as EndedTaskDocument;
  if ((completed as CompletedSlot | undefined) === undefined)
    throw new TaskNotEndedError(`Task ${id} has not ended: its status is ${document.status}.`);
  if (requested.notify_url === null) throw new NoNotifyUrlError(`Task ${id} was posted without a notify_url.`);
  return {
    event_id: eventId,
    task_id: id,
    redelivery_requested_at: nowMs,
    completion_offset: completed.offset,
    completion_event_id: completed.event_id,
    type: requested.type,
    payload: requested.payload,
    notify_url: requested.notify_url,
    requested_at: requested.requested_at.getTime(),
    started_at: started?.started_at.getTime() ?? null,
    completed_at: completed.completed_at.getTime(),
    attempt: completed.attempt,
    executor: completed.executor,
    outcome: completed.outcome,
    result: completed.result,
    error_code: completed.error?.code ?? null,
    error_message: completed.error?.message ?? null,
  };
}
