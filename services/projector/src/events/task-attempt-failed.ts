import { storedError } from '@nask/schemas';
import { defineEvent, highestAttempt, timeFault } from './event.ts';

/** An attempt at a task failed, and another follows. */
export const taskAttemptFailed = defineEvent<'attempt_failed'>({
  keeps: highestAttempt,
  time: 'failed_at',
  toSlot: (data, offset) => ({
    offset,
    event_id: data.event_id,
    attempt: data.attempt,
    executor: data.executor,
    error: storedError(data.error),
    failed_at: new Date(data.failed_at),
    next_attempt_at: new Date(data.next_attempt_at),
  }),
  history: {
    detailsOf: ({ attempt, executor, error, next_attempt_at }) => ({
      attempt,
      data: { executor, error: storedError(error), next_attempt_at: new Date(next_attempt_at) },
    }),
  },
  faultOf: (data) => timeFault('failed_at', data.failed_at) ?? timeFault('next_attempt_at', data.next_attempt_at),
});
