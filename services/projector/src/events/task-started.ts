import { defineEvent, highestAttempt, timeFault } from './event.ts';

/** An attempt at a task began. */
export const taskStarted = defineEvent({
  topic: 'tasks.started',
  slot: 'started',
  keeps: highestAttempt,
  time: 'started_at',
  toSlot: (data, offset) => ({
    offset,
    event_id: data.event_id,
    attempt: data.attempt,
    executor: data.executor,
    started_at: new Date(data.started_at),
  }),
  history: {
    detailsOf: ({ attempt, executor, crashes, trial }) => ({ attempt, data: { executor, crashes, trial } }),
  },
  faultOf: (data) => timeFault('started_at', data.started_at),
});
