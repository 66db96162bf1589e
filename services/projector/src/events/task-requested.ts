import { storedSearchValue, type RequestSlot } from '@nask/schemas';
import { defineEvent, jsonFault, laterOf, lowestOffset, timeFault, type LoggedEvent } from './event.ts';

/** A task was accepted: of a task with `run_at` in tasks.scheduled and later in tasks.requested, of another in that alone. */
export const taskRequested = defineEvent<'scheduled' | 'requested'>({
  keeps: lowestOffset,
  time: 'requested_at',
  toSlot(data, offset) {
    const slot: RequestSlot = {
      offset,
      event_id: data.event_id,
      type: data.type,
      payload: data.payload,
      notify_url: data.notify_url,
      requested_at: new Date(data.requested_at),
    };
    if (data.timeout_ms !== null) slot.timeout_ms = data.timeout_ms;
    if (data.client !== null) slot.client = data.client;
    if (data.tags.length > 0) slot.tags = data.tags;
    if (data.search.length > 0) slot.search = data.search.map(storedSearchValue);
    if (data.origin_id !== null) slot.origin_id = data.origin_id;
    if (data.run_at !== null) slot.run_at = new Date(data.run_at);
    if (data.expires_at !== null) slot.expires_at = new Date(data.expires_at);
    if (data.priority !== 0) slot.priority = data.priority;
    if (data.payload_schema_hash !== null) slot.payload_schema_hash = data.payload_schema_hash;
    if (!data.include_result) slot.include_result = false;
    return slot;
  },
  history: {
    detailsOf({ type, client, tags }) {
      const details: Record<string, unknown> = { type };
      if (client !== null) details['client'] = client;
      if (tags.length > 0) details['tags'] = tags;
      return { attempt: null, data: details };
    },
  },
  faultOf: (data) =>
    timeFault('requested_at', data.requested_at) ??
    timeFault('run_at', data.run_at) ??
    timeFault('expires_at', data.expires_at) ??
    jsonFault('payload', data.payload),
  keptFromMs: laterOf,
});

/** The event ids of the requests that a document has. */
export type RequestsOfTask = { readonly [S in 'scheduled' | 'requested']?: Pick<RequestSlot, 'event_id'> };

export function hasRequest({ scheduled, requested }: RequestsOfTask): boolean {
  return scheduled !== undefined || requested !== undefined;
}

/** A request whose task id belongs to another request. */
interface RequestConflict<E extends LoggedEvent> {
  readonly logged: E;
  /** The event id of the other request. */
  readonly owner: string;
}

/**
 * The requests whose task id belongs to another request. Ids are never given twice, so there are none unless the topic
 * of id leases was recreated or truncated; then the request with the lowest offset of a topic keeps the slot, and the
 * others have to be seen by people. A repeat of the same request (same event id), in its topic or in the other topic of
 * requests, is no conflict. Where the two topics have different requests, each is a conflict once the other is stored.
 *
 * A partition is read upwards from its checkpoint, so the winner of a slot is in the store, or in the batch, when a loser
 * is read.
 * @param requestsOf the requests of a task, once the batch is in the store
 */
export function conflictingRequests<E extends LoggedEvent>(
  events: readonly E[],
  requestsOf: (taskId: number) => RequestsOfTask | undefined,
): RequestConflict<E>[] {
  return events.flatMap((logged) => {
    const { topic, data } = logged.event;
    if (topic !== 'tasks.requested' && topic !== 'tasks.scheduled') return [];
    const requests = requestsOf(data.task_id);
    const owner = [requests?.requested?.event_id, requests?.scheduled?.event_id].find(
      (eventId) => eventId !== undefined && eventId !== data.event_id,
    );
    return owner === undefined ? [] : [{ logged, owner }];
  });
}
