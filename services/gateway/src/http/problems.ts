import type { Middleware } from 'koa';
import type { Logger } from '@nask/kafka';
import {
  IdempotencyKeyInUseError,
  IdempotencyKeyReusedError,
  InvalidRequestError,
  MalformedJsonError,
  NoNotifyUrlError,
  OutcomeTooLargeError,
  OutcomeUnknownError,
  TaskEndedError,
  TaskErasedError,
  TaskNotEndedError,
  TaskNotFoundError,
  TaskTooLargeError,
  UnavailableError,
  type Fault,
  type UnavailableCode,
} from '../errors.ts';
import { problemTypes, type ProblemName, type ProblemType } from './problem-types.ts';

/** The body of an error answer: a problem detail (RFC 9457), media type `application/problem+json`. */
export interface ProblemBody {
  /** Reference to the description of the kind of error, relative to the API. */
  type: string;
  title: string;
  status: number;
  /** What happened to this request. */
  detail: string;
  /** Every fault found, bounded. */
  errors?: readonly Fault[];
  /** With outcome-unknown: the id of the task, if it was accepted. */
  task_id?: number;
}

/** An error answer: its body, and the headers that go with it. */
export interface Problem {
  body: ProblemBody;
  headers: Record<string, string>;
}

/** Thrown by the HTTP adapter itself, where the fault is one of the protocol. */
export class HttpProblem extends Error {
  readonly problem: ProblemName;
  readonly headers: Record<string, string>;

  constructor(problem: ProblemName, detail: string, headers: Record<string, string> = {}) {
    super(detail);
    this.problem = problem;
    this.headers = headers;
  }
}

/** Makes the answer of a kind of error. Retry-After is added where the kind has one. */
export function problem(
  name: ProblemName,
  detail: string,
  more: { errors?: readonly Fault[]; task_id?: number; headers?: Record<string, string> } = {},
): Problem {
  const { status, title, retryAfterS }: ProblemType = problemTypes[name];
  const { headers, ...members } = more;
  return {
    body: { type: `/problems/${name}`, title, status, detail, ...members },
    headers: { ...headers, ...(retryAfterS === undefined ? {} : { 'Retry-After': String(retryAfterS) }) },
  };
}

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
function problemOf(error: unknown): Problem {
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
  if (error instanceof OutcomeTooLargeError) return problem('outcome-too-large', error.message);
  if (error instanceof OutcomeUnknownError) return problem('outcome-unknown', error.message, { task_id: error.taskId });
  if (error instanceof UnavailableError) return problem(unavailable[error.code], error.message);
  return problem('internal', 'The gateway failed to handle the request. The request id finds it in the log.');
}

/** Turns what is thrown below into a problem detail. */
export function answerErrors(logger: Logger): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const requestId = ctx.state['requestId'] as string;
      // Whatever goes wrong for a client that has left is not our fault.
      const { body, headers } = ctx.res.destroyed ? problemOf(error) : loggedProblemOf(error, { logger, requestId });
      ctx.status = body.status;
      ctx.set(headers);
      ctx.body = JSON.stringify(body);
      ctx.type = 'application/problem+json';
    }
  };
}

/** The answer to an error. An unexpected one is logged with its stack. */
export function loggedProblemOf(error: unknown, context: { logger: Logger; requestId: string }): Problem {
  const problem = problemOf(error);
  const { status, type } = problem.body;
  const bindings = { err: error, requestId: context.requestId, problem: type };
  if (status === 500) context.logger.error(bindings, 'A request failed unexpectedly');
  else if (status === 503) context.logger.debug(bindings, 'A request could not be served now');
  return problem;
}
