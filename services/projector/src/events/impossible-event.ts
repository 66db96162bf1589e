import type { TaskEvent } from './event.ts';

/** The times that RFC 3339 can say, years 1 to 9999: clients get no others, and not every database takes others. */
const minTimeMs = Date.parse('0001-01-01T00:00:00.000Z');
const maxTimeMs = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * Why an event that could be decoded cannot be true: it breaks a promise of the contract that Avro cannot state. Such a
 * record is another program's mistake; in the read model it would break the document of a task, or the lists it is in.
 * @param key the record's key
 * @returns a sentence that names the field; undefined when all is well
 */
export function impossibility({ name, data }: TaskEvent, key: string | null): string | undefined {
  const id = data.task_id;
  if (!Number.isSafeInteger(id) || id < 1) return `task_id is ${id}; it has to be an integer from 1 to 2^53 - 1`;
  if (key !== String(id))
    return `the record's key is ${key === null ? 'null' : JSON.stringify(key.slice(0, 40))}, its task_id is ${id}`;
  switch (name) {
    case 'TaskRequested':
      return timeFault('requested_at', data.requested_at) ?? jsonFault('payload', data.payload);
    case 'TaskStarted':
      return timeFault('started_at', data.started_at);
    case 'TaskAttemptFailed':
      return timeFault('failed_at', data.failed_at) ?? timeFault('next_attempt_at', data.next_attempt_at);
    case 'TaskProgressed':
      return timeFault('progressed_at', data.progressed_at) ?? fractionFault('fraction', data.fraction);
    case 'TaskCancellationRequested':
      return timeFault('requested_at', data.requested_at);
    case 'TaskCompleted':
      return (
        timeFault('completed_at', data.completed_at) ??
        (data.result === null ? undefined : jsonFault('result', data.result))
      );
    case 'TaskErased':
      return timeFault('requested_at', data.requested_at) ?? timeFault('erased_at', data.erased_at);
    case 'NotificationAttempted':
      return (
        timeFault('attempted_at', data.attempted_at) ??
        (data.next_attempt_at === null ? undefined : timeFault('next_attempt_at', data.next_attempt_at))
      );
  }
}

function timeFault(field: string, timeMs: number): string | undefined {
  if (timeMs >= minTimeMs && timeMs <= maxTimeMs) return undefined;
  return `${field} is ${timeMs}; it has to be from ${minTimeMs} to ${maxTimeMs} (years 1 to 9999)`;
}

function fractionFault(field: string, fraction: number): string | undefined {
  return fraction >= 0 && fraction <= 1 ? undefined : `${field} is ${fraction}; it has to be from 0 to 1`;
}

function jsonFault(field: string, text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return `${field} is not JSON text: ${(error as SyntaxError).message}`;
  }
}
