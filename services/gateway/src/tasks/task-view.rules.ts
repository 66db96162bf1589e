import {
  taskResource,
  type NotificationFacts,
  type NotifiedSlot,
  type RequestedSlot,
  type TaskDocument,
  type TaskResource,
  type TaskStatus,
} from '@nask/schemas';

/** A document whose request is there: only those are tasks to a client. */
export type VisibleTaskDocument = TaskDocument & { requested: RequestedSlot; status: TaskStatus };

export function isVisible(document: TaskDocument | undefined): document is VisibleTaskDocument {
  return document?.requested !== undefined;
}

/** A task as clients see it, from its document. A result that was left out of the document is left out here. */
export function viewOf(document: VisibleTaskDocument): TaskResource {
  const { requested, started, progressed, completed, notified } = document;
  return taskResource({
    id: document._id,
    type: requested.type,
    status: document.status,
    notifyUrl: requested.notify_url,
    payloadJson: requested.payload,
    // What an earlier attempt had done is done no more.
    progress: progressed !== undefined && progressed.attempt === started?.attempt ? progressed.fraction : null,
    resultJson: completed?.result,
    error: completed?.error,
    createdAtMs: requested.requested_at.getTime(),
    startedAtMs: started?.started_at.getTime(),
    completedAtMs: completed?.completed_at.getTime(),
    notification: notified === undefined ? null : notificationOf(notified),
  });
}

function notificationOf(notified: NotifiedSlot): NotificationFacts {
  return {
    state: notified.state,
    attempts: notified.attempts,
    lastError: notified.last_error,
    nextAttemptAtMs: notified.next_attempt_at?.getTime() ?? null,
  };
}
