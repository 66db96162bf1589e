import { defineEvent, lowestOffset, timeFault } from './event.ts';

/** A client requested the cancellation of a task. */
export const taskCancellationRequested = defineEvent({
  topic: 'tasks.cancellation-requested',
  slot: 'cancellation_requested',
  keeps: lowestOffset,
  time: 'requested_at',
  toSlot: (data, offset) => ({ offset, event_id: data.event_id, requested_at: new Date(data.requested_at) }),
  history: { detailsOf: () => ({ attempt: null, data: {} }) },
  faultOf: (data) => timeFault('requested_at', data.requested_at),
});
