import { ProducerError } from '@nask/kafka';
import type { CompletedSlot, RedeliveryRequested } from '@nask/schemas';
import { NoNotifyUrlError, OutcomeTooLargeError, TaskNotEndedError } from '../errors.ts';
import { correlationOf, type Correlation } from '../http/observe.ts';
import { jsonResponse, responses, type RouteHandler, type Operation } from '../http/route.ts';
import { schemaRef } from '../http/schema.rules.ts';
import type { FindTask } from '../read-model/find-task.ts';
import { taskIdOf, taskIdParameter, withTask } from '../tasks/one-task.ts';
import { requestOf, type VisibleTaskDocument } from '../tasks/task-view.rules.ts';
import { newEventId, type WriteEvent } from '../write-side.ts';

export const redeliverOutcomeOperation: Operation = {
  operationId: 'redeliverOutcome',
  summary: 'Send the outcome of a task again',
  tags: ['webhooks'],
  parameters: [taskIdParameter],
  responses: responses(
    {
      202: jsonResponse('It will be sent again.', schemaRef('RedeliveryRequested'), {
        headers: { Location: { $ref: '#/components/headers/Location' } },
      }),
    },
    [
      'task-not-found',
      'task-erased',
      'task-not-ended',
      'no-notify-url',
      'outcome-too-large',
      'redelivery-uncertain',
      'read-model-unavailable',
      'read-model-behind',
    ],
  ),
};

/** `POST /api/tasks/{id}/notifications` */
export function redeliverOutcome(api: {
  operations: { find: FindTask; redeliver: RedeliverOutcome };
  readWaitMs: number;
}): RouteHandler {
  const { operations } = api;
  return async (ctx) => {
    await withTask(ctx, api, async (id, startBound) =>
      operations.redeliver(await operations.find(id, startBound), correlationOf(ctx)),
    );
    ctx.status = 202;
    ctx.set('Location', `/api/tasks/${taskIdOf(ctx)}`);
    ctx.body = { requested: 1 };
  };
}

/**
 * Requests that the outcome of a task be sent again: resolves once Kafka acknowledged it.
 * @throws TaskNotEndedError, NoNotifyUrlError, OutcomeTooLargeError; UnavailableError when it is not certain that it was taken
 */
export type RedeliverOutcome = (document: VisibleTaskDocument, correlation: Correlation) => Promise<void>;

export function createRedeliverer(write: WriteEvent): RedeliverOutcome {
  return async (document, correlation) => {
    const event = redeliveryOf(document, { eventId: newEventId(), nowMs: Date.now(), requestedBy: correlation.client });
    try {
      await write('notifications.redelivery-requested', event, correlation, {
        code: 'REDELIVERY_UNCERTAIN',
        notAcknowledged: 'take it',
      });
    } catch (error) {
      if (!(error instanceof ProducerError)) throw error;
      const message = `The outcome of task ${event.task_id} is larger than Kafka takes as one record. ${error.message}.`;
      throw new OutcomeTooLargeError(message, { cause: error });
    }
  };
}

/** A document of a task that has ended. */
type EndedTaskDocument = VisibleTaskDocument & { completed: CompletedSlot };

/**
 * The request to send the outcome of a task again: all of the outcome, as the webhook has it.
 * @param nowMs when it is made, in milliseconds since 1970
 * @param requestedBy name of the client, null where clients have no names
 * @throws TaskNotEndedError, NoNotifyUrlError
 */
export function redeliveryOf(
  document: VisibleTaskDocument,
  { eventId, nowMs, requestedBy }: { eventId: string; nowMs: number; requestedBy: string | null },
): RedeliveryRequested {
  const { _id: id, started, completed } = document as EndedTaskDocument;
  const request = requestOf(document);
  if ((completed as CompletedSlot | undefined) === undefined)
    throw new TaskNotEndedError(`Task ${id} has not ended: its status is ${document.status}.`);
  if (request.notify_url === null) throw new NoNotifyUrlError(`Task ${id} was posted without a notify_url.`);
  return {
    event_id: eventId,
    task_id: id,
    redelivery_requested_at: nowMs,
    completion_offset: completed.offset,
    completion_event_id: completed.event_id,
    type: request.type,
    payload: request.payload,
    notify_url: request.notify_url,
    requested_at: request.requested_at.getTime(),
    started_at: started?.started_at.getTime() ?? null,
    completed_at: completed.completed_at.getTime(),
    attempt: completed.attempt,
    executor: completed.executor,
    outcome: completed.outcome,
    result: completed.result,
    error_code: completed.error?.code ?? null,
    error_message: completed.error?.message ?? null,
    error_causes: completed.error?.causes ?? [],
    include_result: request.include_result ?? true,
    run_at: request.run_at?.getTime() ?? null,
    requested_by: requestedBy,
  };
}
