import type { Logger } from '@nask/kafka';
import type { TaskRequested } from '@nask/schemas';
import type { TaskObserver } from '../execution/task-run.ts';
import type { TaskMetrics } from './task-metrics.ts';

/** Tells metrics and log what happens to tasks. Ordinary ends are debug lines: there may be thousands a second. */
export function createTaskObserver(metrics: TaskMetrics, logger: Logger): TaskObserver {
  const named = ({ task_id, type }: TaskRequested) => ({ task_id, task_type: type.slice(0, 100) });
  return {
    started: ({ type }) => metrics.started(type),
    attemptFailed(request, attempt, result) {
      metrics.attemptFailed(request.type);
      const error = result.outcome === 'FAILURE' ? result.error : undefined;
      logger.debug({ ...named(request), attempt, error }, 'attempt failed; it will be tried again');
    },
    ended(request, end, durationMs) {
      metrics.completed(request.type, end.outcome, durationMs);
      const error = end.outcome === 'FAILURE' ? end.error : undefined;
      logger.debug({ ...named(request), outcome: end.outcome, duration_ms: durationMs, error }, 'task ended');
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
