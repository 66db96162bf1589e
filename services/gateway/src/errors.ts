/**
 * Why a request cannot be served. The type and the code decide what the client is told; which HTTP status that is, the
 * HTTP adapter knows.
 */

/** One fault of a request: where it is (a JSON pointer into the body, or a query parameter) and what the rule is. */
export type Fault = { pointer: string; detail: string } | { parameter: string; detail: string };

/** The body is not JSON text. */
export class MalformedJsonError extends Error {
  readonly code = 'MALFORMED_JSON';
}

/** The request can be read, but breaks rules: each fault names the place and the limit. */
export class InvalidRequestError extends Error {
  readonly code = 'INVALID_REQUEST';
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super(faults.map(describeFault).join('; '));
    this.faults = faults;
  }
}

/** There is no such task: the truth, never "not yet". */
export class TaskNotFoundError extends Error {
  readonly code = 'TASK_NOT_FOUND';
}

/** The task was erased on request. */
export class TaskErasedError extends Error {
  readonly code = 'TASK_ERASED';
}

/** The task has not ended, so there is no outcome to send, and it cannot be erased. */
export class TaskNotEndedError extends Error {
  readonly code = 'TASK_NOT_ENDED';
}

/** The task has no notify_url: there is nowhere to send its outcome to. */
export class NoNotifyUrlError extends Error {
  readonly code = 'NO_NOTIFY_URL';
}

/** The task has ended: there is nothing to cancel. */
export class TaskEndedError extends Error {
  readonly code = 'TASK_ENDED';
}

/** The key of the request came with another request before. */
export class IdempotencyKeyReusedError extends Error {
  readonly code = 'IDEMPOTENCY_KEY_REUSED';
}

/** Another request with the same key is being served. */
export class IdempotencyKeyInUseError extends Error {
  readonly code = 'IDEMPOTENCY_KEY_IN_USE';
}

/** The task as an event is larger than Kafka takes. */
export class TaskTooLargeError extends Error {
  readonly code = 'TASK_TOO_LARGE';
}

/** The outcome of a task, as a request to send it again, is larger than Kafka takes. */
export class OutcomeTooLargeError extends Error {
  readonly code = 'OUTCOME_TOO_LARGE';
}

export type UnavailableCode =
  /** The task was certainly not accepted: no id, no schema, no room, or no Kafka to hand it to. */
  | 'NOT_ACCEPTED'
  /** Kafka did not acknowledge a cancellation: it may be in the log, or not. */
  | 'CANCELLATION_UNCONFIRMED'
  /** Where idempotency keys are remembered cannot be asked. The request did nothing. */
  | 'KEYS_UNAVAILABLE'
  /** Kafka did not acknowledge an erasure: it may be in the log, or not. */
  | 'ERASURE_UNCONFIRMED'
  /** More requests at once than this gateway serves. */
  | 'OVERLOADED'
  /** The read model, or the position that it has to reach, cannot be asked. */
  | 'READ_MODEL_UNAVAILABLE'
  /** The read model did not reach the request's position within the bound. */
  | 'READ_MODEL_BEHIND'
  /** Whether a redelivery was asked for is not certain. Asking again at worst sends the outcome twice. */
  | 'REDELIVERY_UNCERTAIN'
  | 'STOPPING';

/** Not now; the same request may succeed later, and repeating it does no harm. */
export class UnavailableError extends Error {
  readonly code: UnavailableCode;

  constructor(code: UnavailableCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Kafka did not acknowledge the task in time: it may be in the log, or may yet come to be. */
export class OutcomeUnknownError extends Error {
  readonly code = 'OUTCOME_UNKNOWN';
  /** The id that the task has if it was accepted. */
  readonly taskId: number;

  constructor(taskId: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.taskId = taskId;
  }
}

/** A lease named ids that have been given before: the topic of leases began anew. Nothing may be accepted any more. */
export class IdsWouldRepeatError extends Error {
  readonly code = 'IDS_WOULD_REPEAT';
}

function describeFault(fault: Fault): string {
  const place = 'pointer' in fault ? fault.pointer || 'the body' : `the parameter ${fault.parameter}`;
  return `${place} ${fault.detail}`;
}
