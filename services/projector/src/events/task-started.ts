import type { StartedSlot } from '@nask/schemas';
import { defineEvent, highestAttempt, timeFault } from './event.ts';

/** An attempt at a task began. */
export const taskStarted = defineEvent<'started'>({
  keeps: highestAttempt,
  time: 'started_at',
  toSlot(data, offset) {
    const slot: StartedSlot = {
      offset,
      event_id: data.event_id,
      attempt: data.attempt,
      executor: data.executor,
      started_at: new Date(data.started_at),
    };
    if (data.taken_at !== null) slot.taken_at = new Date(data.taken_at);
    return slot;
  },
  history: {
    detailsOf: ({ attempt, executor, crashes, trial, taken_at }) => ({
      attempt,
      data: { executor, crashes, trial, ...(taken_at !== null && { taken_at: new Date(taken_at) }) },
    }),
  },
  faultOf: (data) => timeFault('started_at', data.started_at) ?? timeFault('taken_at', data.taken_at),
});
