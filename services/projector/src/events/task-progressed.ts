import { defineEvent, fractionFault, highestOffset, timeFault } from './event.ts';

/** How much of a running attempt is done. */
export const taskProgressed = defineEvent<'progressed'>({
  keeps: highestOffset,
  time: 'progressed_at',
  toSlot: (data, offset) => ({
    offset,
    event_id: data.event_id,
    attempt: data.attempt,
    fraction: data.fraction,
    progressed_at: new Date(data.progressed_at),
  }),
  history: {
    newestOnly: true,
    detailsOf: ({ attempt, executor, fraction }) => ({ attempt, data: { executor, fraction } }),
  },
  faultOf: (data) => timeFault('progressed_at', data.progressed_at) ?? fractionFault('fraction', data.fraction),
});
