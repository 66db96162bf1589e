import { storedError, type CompletedSlot } from '@nask/schemas';
import { defineEvent, jsonFault, laterOf, lowestOffset, timeFault } from './event.ts';
import { failureFingerprint } from './failure-fingerprint.ts';

/** A task ended. The first end is the outcome, later ones are repeats. */
export const taskCompleted = defineEvent<'completed'>({
  keeps: lowestOffset,
  time: 'completed_at',
  toSlot(data, offset) {
    const { error } = data;
    const slot: CompletedSlot = {
      offset,
      event_id: data.event_id,
      attempt: data.attempt,
      executor: data.executor,
      outcome: data.outcome,
      result: data.result,
      error: error === null ? null : storedError(error),
      completed_at: new Date(data.completed_at),
    };
    if (error !== null && data.outcome === 'FAILURE') slot.fingerprint = failureFingerprint(data.type, error);
    if (data.run_at !== null) slot.run_at = new Date(data.run_at);
    return slot;
  },
  history: {
    detailsOf: ({ attempt, executor, outcome, error }) => ({
      attempt,
      data: { executor, outcome, error: error === null ? null : storedError(error) },
    }),
  },
  faultOf: (data) =>
    timeFault('requested_at', data.requested_at) ??
    timeFault('completed_at', data.completed_at) ??
    timeFault('run_at', data.run_at) ??
    (data.result === null ? undefined : jsonFault('result', data.result)),
  keptFromMs: laterOf,
});
