import { defineEvent, jsonFault, lowestOffset, timeFault } from './event.ts';

/** A task ended. The first end is the outcome, later ones are repeats. */
export const taskCompleted = defineEvent({
  topic: 'tasks.completed',
  slot: 'completed',
  keeps: lowestOffset,
  time: 'completed_at',
  toSlot: (data, offset) => ({
    offset,
    event_id: data.event_id,
    attempt: data.attempt,
    executor: data.executor,
    outcome: data.outcome,
    result: data.result,
    error: data.error === null ? null : { code: data.error.code, message: data.error.message },
    completed_at: new Date(data.completed_at),
  }),
  history: {
    detailsOf: ({ attempt, executor, outcome, error }) => ({
      attempt,
      data: { executor, outcome, error: error === null ? null : { ...error } },
    }),
  },
  faultOf: (data) =>
    timeFault('completed_at', data.completed_at) ??
    (data.result === null ? undefined : jsonFault('result', data.result)),
  acceptedAtMs: ({ requested_at }) => requested_at,
});
