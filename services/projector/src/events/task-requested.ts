import { defineEvent, jsonFault, lowestOffset, timeFault, type LoggedEvent } from './event.ts';

/** A task was accepted. */
export const taskRequested = defineEvent({
  topic: 'tasks.requested',
  slot: 'requested',
  keeps: lowestOffset,
  time: 'requested_at',
  toSlot: (data, offset) => ({
    offset,
    event_id: data.event_id,
    type: data.type,
    payload: data.payload,
    notify_url: data.notify_url,
    requested_at: new Date(data.requested_at),
  }),
  history: { detailsOf: ({ type }) => ({ attempt: null, data: { type } }) },
  faultOf: (data) => timeFault('requested_at', data.requested_at) ?? jsonFault('payload', data.payload),
  acceptedAtMs: ({ requested_at }) => requested_at,
});

/**
 * The requests whose task id belongs to another request. Ids are never given twice, so there are none unless the topic
 * of id leases was recreated or truncated; then the request with the lowest offset keeps the id and its document, and the
 * others have to be seen by people. A repeat of the same request (same event id) is no conflict.
 *
 * A partition is read upwards from its checkpoint, so the winner is in the store, or in the batch, when a loser is read.
 * @param ownerOf event id of the request that has a task id, once the batch is in the store
 */
export function conflictingRequests<E extends LoggedEvent>(
  events: readonly E[],
  ownerOf: (taskId: number) => string | undefined,
): E[] {
  return events.filter(
    ({ event: { name, data } }) =>
      name === 'TaskRequested' && (ownerOf(data.task_id) ?? data.event_id) !== data.event_id,
  );
}
