import { once } from 'node:events';
import { DeadLetterError, type ConsumedRecord } from '@nask/kafka';
import { UndecodableError, type EventCodec } from '@nask/task-log';
import type { TaskRequested } from '@nask/schemas';
import { HandedBackError } from './tasks/held-task.ts';
import { EventTooLargeError } from './tasks/task-event-log.ts';

/** Handles a record of a topic. */
export type RecordHandler = (record: ConsumedRecord, context: { signal: AbortSignal }) => Promise<void>;

/**
 * Decodes the request that a record has. What can never be handled is a dead letter; a registry that cannot be reached is
 * waited for, by the consumer's own retry.
 */
export function onRequest(
  codec: EventCodec,
  handle: (request: TaskRequested, record: ConsumedRecord, signal: AbortSignal) => Promise<void>,
): RecordHandler {
  return async (record, { signal }) => {
    try {
      await handle(await decode(codec, record), record, signal);
    } catch (error) {
      if (error instanceof UndecodableError || error instanceof EventTooLargeError)
        throw new DeadLetterError(error.message, { record, cause: error });
      // The executor drains. The record stays open until the consumer gives it up, for it must not be tried again here.
      if (error instanceof HandedBackError && !signal.aborted) await once(signal, 'abort');
      throw error;
    }
  };
}

async function decode(codec: EventCodec, record: ConsumedRecord): Promise<TaskRequested> {
  const request = await codec.decode('tasks.requested', record.value);
  if (request.task_id < 1 || String(request.task_id) !== record.key)
    throw new DeadLetterError(`The key ${JSON.stringify(record.key)} is not the id of the task, ${request.task_id}.`);
  return request;
}
