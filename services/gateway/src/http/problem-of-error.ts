import {
  IdempotencyKeyInUseError,
  IdempotencyKeyReusedError,
  InvalidRequestError,
  MalformedJsonError,
  NoNotifyUrlError,
  OutcomeUnknownError,
  TaskErasedError,
  TaskEndedError,
  TaskNotEndedError,
  TaskNotFoundError,
  TaskTooLargeError,
  UnavailableError,
  type UnavailableCode,
} from '../errors.ts';
import { HttpProblem, problem, type Problem } from './problem.ts';
import type { ProblemName } from './problem-types.ts';

const unavailable: Record<UnavailableCode, ProblemName> = {
  NOT_ACCEPTED: 'not-accepted',
  CANCELLATION_UNCONFIRMED: 'cancellation-unconfirmed',
  KEYS_UNAVAILABLE: 'idempotency-keys-unavailable',
  ERASURE_UNCONFIRMED: 'erasure-unconfirmed',
  OVERLOADED: 'overloaded',
  READ_MODEL_UNAVAILABLE: 'read-model-unavailable',
  READ_MODEL_BEHIND: 'read-model-behind',
  REDELIVERY_UNCERTAIN: 'redelivery-uncertain',
  STOPPING: 'stopping',
};

/** The answer to an error: its type decides. What is not known is a fault of ours, and says nothing about itself. */
export function problemOf(error: unknown): Problem {
  if (error instanceof HttpProblem) return problem(error.problem, error.message, { headers: error.headers });
  if (error instanceof InvalidRequestError) return problem('validation', `${error.message}.`, { errors: error.faults });
  if (error instanceof MalformedJsonError)
    return problem('malformed-request', `The body is not JSON text: ${error.message}.`);
  if (error instanceof TaskNotFoundError) return problem('task-not-found', error.message);
  if (error instanceof TaskErasedError) return problem('task-erased', error.message);
  if (error instanceof TaskNotEndedError) return problem('task-not-ended', error.message);
  if (error instanceof NoNotifyUrlError) return problem('no-notify-url', error.message);
  if (error instanceof TaskEndedError) return problem('task-ended', error.message);
  if (error instanceof IdempotencyKeyReusedError) return problem('idempotency-key-reused', error.message);
  if (error instanceof IdempotencyKeyInUseError) return problem('idempotency-key-in-use', error.message);
  if (error instanceof TaskTooLargeError) return problem('body-too-large', error.message);
  if (error instanceof OutcomeUnknownError) return problem('outcome-unknown', error.message, { task_id: error.taskId });
  if (error instanceof UnavailableError) return problem(unavailable[error.code], error.message);
  return problem('internal', 'The gateway failed to handle the request. The request id finds it in the log.');
}
