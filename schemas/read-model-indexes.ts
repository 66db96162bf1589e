/** An index of the read model. The projector makes them; the gateway's queries are tested to need no other. */
export interface ReadModelIndex {
  readonly key: Readonly<Record<string, 1 | -1>>;
  /** Only documents with this are in it. */
  readonly partialFilterExpression?: Readonly<Record<string, unknown>>;
}

/** Of the documents of tasks, beside `_id`: a filter before the order of the list, so that a page reads what it gives. */
export const taskIndexes: readonly ReadModelIndex[] = [
  { key: { status: 1, _id: 1 } },
  { key: { 'requested.type': 1, _id: 1 } },
  { key: { 'requested.requested_at': 1, _id: 1 } },
  // The newest of a status or a type, which may be few among many.
  { key: { status: 1, 'requested.requested_at': 1, _id: 1 } },
  { key: { 'requested.type': 1, 'requested.requested_at': 1, _id: 1 } },
  // For whoever looks for the webhooks that were given up. Small: only those are in it.
  { key: { 'notified.state': 1, _id: 1 }, partialFilterExpression: { 'notified.state': 'FAILED' } },
];

/** Of the history: a task's events, and of one topic in the log's order. */
export const taskEventIndexes: readonly ReadModelIndex[] = [{ key: { task_id: 1, topic: 1, offset: 1 } }];

/** The times by which the database deletes what is past retention: a task's, and that of an event of its history. */
export const taskTimeField = 'created_at';
export const taskEventTimeField = 'at';
