import type { TaskError } from '@nask/schemas';
import { errorCodePattern, errorLimits } from '@nask/schemas/task-errors';
import { publicText } from './public-text.rules.ts';
import { asText, causesOf, property, stackOf } from './thrown.rules.ts';

/**
 * How one run of a handler ended. `result` is JSON text; `retryable`: another attempt may succeed; `stack`: of what was
 * thrown and of its causes, for the log only. Plain data, because it crosses from a thread.
 */
export type RunResult =
  | { readonly outcome: 'SUCCESS'; readonly result: string }
  | { readonly outcome: 'FAILURE'; readonly error: TaskError; readonly retryable?: true; readonly stack?: string };

/** How a task ended: as its last run did, or it was cancelled. */
export type TaskEnd = RunResult | { readonly outcome: 'REVOKED' };

/** The longest result, as JSON text: with its payload it must fit into one Kafka record (1 MB). */
export const maxResultBytes = 512 * 1024;

/**
 * Runs a handler to its end and makes a result of whatever it does: returns, rejects, throws what is not an error,
 * returns what is not JSON.
 */
export async function runToResult(run: () => unknown): Promise<RunResult> {
  try {
    return successOf(await run());
  } catch (error) {
    return failureOf(error);
  }
}

/**
 * Failure of a task, with an error that keeps the contract's form and limits, and has no credentials of URLs: clients and
 * receivers of webhooks read it.
 * @param thrown the error that it stands for, if there is one: its causes are those of the failure
 */
export function failure(code: string, message: string, thrown?: unknown): RunResult & { outcome: 'FAILURE' } {
  const stack = stackOf(thrown);
  return {
    outcome: 'FAILURE',
    error: { code, message: publicText(message, errorLimits.messageLength), causes: causesOf(thrown) },
    ...(stack === undefined ? {} : { stack }),
  };
}

/**
 * The failure that a thrown value stands for: its message, its causes, its `code` where that is a text of the contract's
 * form, and whether it is retryable. A number is no code: 20 or 1 means something together with its library alone, as
 * those of a DOMException and of an exit status.
 */
export function failureOf(thrown: unknown): RunResult {
  const [code, message] = [property(thrown, 'code'), property(thrown, 'message')];
  const failed = failure(
    typeof code === 'string' && errorCodePattern.test(code) ? code : 'handler-failed',
    typeof message === 'string' && message !== '' ? message : `The handler threw ${asText(thrown)}.`,
    thrown,
  );
  return property(thrown, 'retryable') === true ? { ...failed, retryable: true } : failed;
}

/** Most UTF-16 code units of a message in the smallest end of a task. */
const shortMessageLength = 200;

/**
 * What to write in place of an end that is too large for a record: a failure for a result, no causes for an error, and at
 * last a short message.
 * @param reason how large it is, and may be
 * @returns undefined when it cannot be made smaller
 */
export function smallerEnd(end: TaskEnd, reason: string): TaskEnd | undefined {
  if (end.outcome === 'SUCCESS')
    return failure('result-too-large', `Payload and result are too large for one record: ${reason}`);
  if (end.outcome === 'REVOKED') return undefined;
  const { error } = end;
  if (error.causes.length > 0) return { ...end, error: { ...error, causes: [] } };
  if (error.message.length <= shortMessageLength) return undefined;
  return { ...end, error: { ...error, message: publicText(error.message, shortMessageLength) } };
}

function successOf(value: unknown): RunResult {
  let result: string | undefined;
  try {
    result = JSON.stringify(value ?? null);
  } catch (error) {
    return failure('invalid-result', `The handler's result is not JSON: ${(error as Error).message}`);
  }
  if (result === undefined) return failure('invalid-result', `The handler's result is not JSON: ${typeof value}`);
  const bytes = Buffer.byteLength(result);
  if (bytes > maxResultBytes)
    return failure('result-too-large', `The result has ${bytes} bytes; the limit is ${maxResultBytes}.`);
  return { outcome: 'SUCCESS', result };
}
