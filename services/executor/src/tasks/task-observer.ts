import type { Logger } from '@nask/kafka';
import type { TaskRequested } from '@nask/schemas';
import type { HandlerReport } from '../lanes/lane.ts';
import type { RunResult, TaskEnd } from '../lanes/run-result.rules.ts';
import { cutAtSpace } from '../lanes/thrown.rules.ts';
import { createTokenBucket } from './token-bucket.ts';
import type { TaskMetrics } from './task-metrics.ts';

/** Receives what happens to tasks, for metrics and logs. */
export interface TaskObserver {
  started(request: TaskRequested): void;
  /**
   * @param attempt the attempt that the task ended with; 0: none was made
   * @param durationMs from the start of the attempt to the end; null: it never ran
   */
  ended(request: TaskRequested, end: TaskEnd, last: { attempt: number; durationMs: number | null }): void;
  /** An attempt has failed, another will be made. */
  attemptFailed(request: TaskRequested, attempt: number, result: RunResult & { outcome: 'FAILURE' }): void;
  /** Its type is unknown here: it was put aside for another executor, or for this one after a new release. */
  deferred(request: TaskRequested): void;
  /** @param reason why it does not end here */
  handedBack(request: TaskRequested, reason: unknown): void;
  /** A record of a task that has ended. */
  skipped(request: TaskRequested): void;
  /** Its handler reports progress, or logs a line. */
  reported(request: TaskRequested, report: HandlerReport): void;
}

const maxMessageLength = 1_000;

/**
 * Reports what happens to tasks to metrics and log. Failures are warnings, limited by type; ordinary ends are debug
 * lines, because there may be thousands a second.
 * @param types names of the known task types
 */
export function createTaskObserver(
  metrics: TaskMetrics,
  logger: Logger,
  types: { has(type: string): boolean },
  nowMs?: () => number,
): TaskObserver {
  const warn = limitByType(logger, types, nowMs);
  const named = ({ task_id, type }: TaskRequested) => ({ task_id, task_type: type.slice(0, 100) });
  // Events have the causes without their stacks, which are in the log only.
  const errorOf = ({ error, stack }: RunResult & { outcome: 'FAILURE' }) => ({
    code: error.code,
    message: cutAtSpace(error.message, maxMessageLength),
    stack,
  });
  return {
    started: ({ type }) => metrics.started(type),
    attemptFailed(request, attempt, result) {
      metrics.attemptFailed(request.type);
      warn(
        request.type,
        { ...named(request), attempt, err: errorOf(result) },
        'an attempt at a task failed; it will be tried again',
      );
    },
    ended(request, end, { attempt, durationMs }) {
      metrics.completed(request.type, end.outcome, durationMs);
      const fields = { ...named(request), attempt, duration_ms: durationMs };
      if (end.outcome === 'FAILURE') warn(request.type, { ...fields, err: errorOf(end) }, 'a task failed');
      else logger.debug({ ...fields, outcome: end.outcome }, 'task ended');
    },
    deferred(request) {
      metrics.deferred();
      warn(
        request.type,
        named(request),
        'this executor has no handler for the task type; the task is deferred until an executor has one',
      );
    },
    handedBack(request, reason) {
      metrics.handedBack(request.type);
      logger.debug({ ...named(request), reason: (reason as Error).message }, 'task handed back');
    },
    skipped(request) {
      metrics.skipped();
      logger.info(named(request), 'a record of a task that has ended: it runs nothing');
    },
    reported(request, report) {
      if (report.kind === 'log') logger[report.level](named(request), report.message);
      else logger.debug({ ...named(request), progress: report.fraction }, 'task progressed');
    },
  };
}

/** Token bucket of one task type: its size, in lines, and its rate. */
const burst = 10;
const perSecond = 1;
/** How many types that this executor does not know have a limit of their own. Anybody can make up more. */
const maxUnknownTypes = 20;

/**
 * Warnings with a rate limit for each task type, because a type that fails may fail thousands of times a second. A line
 * has the number of lines left out before it (`suppressed`). Unknown types beyond the first 20 share a limit.
 */
function limitByType(
  logger: Logger,
  types: { has(type: string): boolean },
  nowMs?: () => number,
): (type: string, fields: object, message: string) => void {
  const limits = new Map<string, { allows: () => boolean; suppressed: number }>();
  let unknownTypes = 0;

  function limitOf(type: string) {
    const isKnown = types.has(type);
    const hasOwn = isKnown || limits.has(type) || unknownTypes < maxUnknownTypes;
    // No type has an empty name.
    const key = hasOwn ? type : '';
    let limit = limits.get(key);
    if (limit === undefined) {
      limit = { allows: createTokenBucket(perSecond, burst, nowMs), suppressed: 0 };
      limits.set(key, limit);
      if (!isKnown && hasOwn) unknownTypes += 1;
    }
    return limit;
  }

  return (type, fields, message) => {
    const limit = limitOf(type);
    if (!limit.allows()) {
      limit.suppressed += 1;
      return;
    }
    logger.warn(limit.suppressed === 0 ? fields : { ...fields, suppressed: limit.suppressed }, message);
    limit.suppressed = 0;
  };
}
