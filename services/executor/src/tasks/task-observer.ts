import type { Logger } from '@nask/kafka';
import type { TaskRequested } from '@nask/schemas';
import type { RunResult } from '../lanes/run-result.rules.ts';
import { cutAtSpace } from '../lanes/thrown.ts';
import type { TaskObserver } from './task-run.ts';
import type { WarnOfType } from './limited-warnings.ts';
import type { TaskMetrics } from './task-metrics.ts';

const maxMessageLength = 1_000;

/**
 * Reports what happens to tasks to metrics and log. Failures are warnings, limited by type; ordinary ends are debug
 * lines, because there may be thousands a second.
 */
export function createTaskObserver(metrics: TaskMetrics, logger: Logger, warn: WarnOfType): TaskObserver {
  const named = ({ task_id, type }: TaskRequested) => ({ task_id, task_type: type.slice(0, 100) });
  // Error events keep code and message alone; the stack and the causes are in the log only.
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
