import { defineEvent, highestOffset, timeFault } from './event.ts';

/** A webhook was attempted. */
export const notificationAttempted = defineEvent<'notified'>({
  keeps: highestOffset,
  time: 'attempted_at',
  toSlot: (data, offset) => ({
    offset,
    event_id: data.event_id,
    round: data.round,
    state: data.state,
    attempts: data.attempt,
    last_error: data.error,
    attempted_at: new Date(data.attempted_at),
    next_attempt_at: data.next_attempt_at === null ? null : new Date(data.next_attempt_at),
  }),
  history: {
    detailsOf: ({ state, round, attempt, status_code, duration_ms, error, next_attempt_at }) => ({
      attempt: null,
      data: {
        state,
        round,
        webhook_attempt: attempt,
        status_code,
        duration_ms,
        error,
        next_attempt_at: next_attempt_at === null ? null : new Date(next_attempt_at),
      },
    }),
  },
  faultOf: (data) => timeFault('attempted_at', data.attempted_at) ?? timeFault('next_attempt_at', data.next_attempt_at),
});
