import { defineEvent, laterOf, lowestOffset, timeFault } from './event.ts';

/** A task was erased: its document keeps no other slot (evolve.ts), and no history is left. */
export const taskErased = defineEvent<'erased'>({
  keeps: lowestOffset,
  time: 'requested_at',
  toSlot: (data, offset) => ({
    offset,
    event_id: data.event_id,
    requested_at: new Date(data.requested_at),
    erased_at: new Date(data.erased_at),
    ...(data.requested_by !== null && { requested_by: data.requested_by }),
    ...(data.run_at !== null && { run_at: new Date(data.run_at) }),
  }),
  history: null,
  faultOf: (data) =>
    timeFault('requested_at', data.requested_at) ??
    timeFault('run_at', data.run_at) ??
    timeFault('erased_at', data.erased_at),
  // The erasure of a task has to outlive its requests: the times that it carries may be those of another request of the
  // same id, and events of version 0.1 have no `run_at`.
  keptFromMs: (data) => Math.max(laterOf(data), data.erased_at),
});
