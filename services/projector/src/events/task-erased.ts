import { defineEvent, lowestOffset, timeFault } from './event.ts';

/** A task was erased: its document keeps no other slot (evolve.ts), and no history is left. */
export const taskErased = defineEvent({
  topic: 'tasks.erased',
  slot: 'erased',
  keeps: lowestOffset,
  time: 'requested_at',
  toSlot: (data, offset) => ({
    offset,
    event_id: data.event_id,
    requested_at: new Date(data.requested_at),
    erased_at: new Date(data.erased_at),
  }),
  history: null,
  faultOf: (data) => timeFault('requested_at', data.requested_at) ?? timeFault('erased_at', data.erased_at),
  acceptedAtMs: ({ requested_at }) => requested_at,
});
