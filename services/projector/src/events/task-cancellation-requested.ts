import { defineEvent, lowestOffset, timeFault } from './event.ts';

/** A client requested the cancellation of a task. */
export const taskCancellationRequested = defineEvent<'cancellation_requested'>({
  keeps: lowestOffset,
  time: 'requested_at',
  toSlot: (data, offset) => ({
    offset,
    event_id: data.event_id,
    requested_at: new Date(data.requested_at),
    ...(data.requested_by !== null && { requested_by: data.requested_by }),
  }),
  history: {
    detailsOf: ({ requested_by }) => ({ attempt: null, data: requested_by === null ? {} : { requested_by } }),
  },
  faultOf: (data) => timeFault('requested_at', data.requested_at),
});
