import { ProducerError, type Position } from '@nask/kafka';
import { OutcomeUnknownError, TaskTooLargeError, UnavailableError } from '../errors.ts';
import type { Correlation } from '../http/observe.ts';
import { acceptOnce, type IdempotencyKeys } from '../idempotency/accept-once.ts';
import { fingerprintOf } from '../idempotency/idempotency-key.ts';
import type { TaskIdentity, TaskIdSource } from '../task-ids/task-id-source.ts';
import { assertKnowsSchemas, newEventId, type EventWriterOptions } from '../write-side.ts';
import type { NewTask } from './new-task.rules.ts';

/**
 * Bytes that a request leaves free in its record, so that a task that is accepted can be ended: TaskCompleted has the same
 * payload, at least an error, and leaves 4 KiB for copies.
 */
const endBytes = 8_192;

interface AcceptedTask {
  id: number;
  /** Where it was written. Not known of a task that was accepted before, with the same key. */
  position?: Position;
}

/**
 * Accepts a task, for good: resolves with its id once Kafka acknowledged it, until the deadline.
 * @param idempotencyKey accept it once for this key; without one, each time
 */
export type AcceptTask = (task: NewTask, correlation: Correlation, idempotencyKey?: string) => Promise<AcceptedTask>;

/**
 * @param options.deadlineMs how long an id may take, and how long a request may take in all
 * @param options.onMarkFailure called when a key could not be marked
 */
export function createTaskAcceptor(
  options: EventWriterOptions & {
    ids: TaskIdSource;
    keys: IdempotencyKeys;
    nowMs: () => number;
    onMarkFailure: (error: unknown) => void;
  },
): AcceptTask {
  const { publisher, ids, keys, deadlineMs, nowMs, onMarkFailure } = options;
  // A request that is being published is answered by the deadline; the rest is for the keys themselves.
  const holdMs = 2 * deadlineMs;

  const assertWritable = () => assertKnowsSchemas(options.knowsSchemas, 'NOT_ACCEPTED', 'The task was not accepted.');

  async function identify(): Promise<TaskIdentity> {
    assertWritable();
    const requestedAtMs = nowMs();
    return { taskId: ids.take() ?? (await idWithin(ids, deadlineMs)), eventId: newEventId(), requestedAtMs };
  }

  async function publish(
    task: NewTask,
    { taskId, eventId, requestedAtMs }: TaskIdentity,
    { requestId, traceparent, client }: Correlation,
    leftMs: number,
  ): Promise<Position> {
    assertWritable();
    const event = {
      event_id: eventId,
      task_id: taskId,
      type: task.type,
      payload: task.payloadJson,
      notify_url: task.notifyUrl,
      requested_at: requestedAtMs,
      timeout_ms: task.timeoutMs,
      client,
      tags: task.tags,
      search: task.search,
      payload_schema_hash: task.payloadSchemaHash,
      include_result: task.includeResult,
    };
    try {
      return await publisher.publish('tasks.requested', event, {
        requestId,
        traceparent,
        deadlineMs: leftMs,
        spareBytes: endBytes,
      });
    } catch (error) {
      throw refusalOf(error, taskId, deadlineMs);
    }
  }

  return async (task, correlation, idempotencyKey) => {
    const startedAtMs = nowMs();
    let position: Position | undefined;
    const publishInTime = async (identity: TaskIdentity) => {
      const leftMs = Math.max(1, deadlineMs - (nowMs() - startedAtMs));
      position = await publish(task, identity, correlation, leftMs);
    };
    if (idempotencyKey !== undefined) {
      const ports = { keys, identify, publish: publishInTime, nowMs, holdMs, onMarkFailure };
      const id = await acceptOnce(ports, { key: idempotencyKey, fingerprint: fingerprintOf(task) });
      return { id, position };
    }
    const identity = await identify();
    await publishInTime(identity);
    return { id: identity.taskId, position };
  };
}

async function idWithin(ids: TaskIdSource, deadlineMs: number): Promise<number> {
  const controller = new AbortController();
  const timer = setTimeout(
    () =>
      controller.abort(
        new UnavailableError(
          'NOT_ACCEPTED',
          `Kafka did not lease a task id within ${deadlineMs} ms. The task was not accepted.`,
        ),
      ),
    deadlineMs,
  );
  try {
    return await ids.next(controller.signal);
  } finally {
    clearTimeout(timer);
  }
}

function refusalOf(error: unknown, id: number, deadlineMs: number): unknown {
  if (!(error instanceof ProducerError)) return error;
  if (error.code === 'RECORD_TOO_LARGE')
    return new TaskTooLargeError(`The task is larger than Kafka takes as one record. ${error.message}.`, {
      cause: error,
    });
  if (error.outcomeUnknown)
    return new OutcomeUnknownError(
      id,
      `Kafka did not acknowledge the task within ${deadlineMs} ms, so whether it was accepted is unknown: if it was, it is task ${id}, ` +
        `and GET /api/tasks/${id} will find it. Repeating the request before that may run it twice.`,
      { cause: error },
    );
  if (error.code === 'STOPPED')
    return new UnavailableError('STOPPING', 'The gateway is stopping. The task was not accepted.', { cause: error });
  if (error.code === 'QUEUE_FULL')
    return new UnavailableError('NOT_ACCEPTED', 'The queue towards Kafka is full. The task was not accepted.', {
      cause: error,
    });
  return new UnavailableError(
    'NOT_ACCEPTED',
    `Kafka did not take the task within ${deadlineMs} ms. It was not accepted.`,
    { cause: error },
  );
}
