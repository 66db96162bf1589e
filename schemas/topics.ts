import type { EventName } from './generated/events.ts';

/**
 * The catalogue: every topic of the system, what is in it, who writes it and who reads it. It is what
 * `npm run contract` creates, what the docs list and what the services name their topics by. In production the rights of
 * each service follow from it (`npm run k8s:kafka`): a service may read and write the topics that name it, and no others.
 *
 * All `tasks.*` and `notifications.*` topics are keyed by task id and have the same partition count, so a task lives in
 * the same partition number of each of them. One event type a topic. Values are Avro in the registry's wire format
 * (magic byte 0, 4-byte schema id, Avro binary), subject `<topic>-value`. Headers are CloudEvents attributes in binary
 * mode (`ce_id`, `ce_type`, `ce_source`, `ce_subject`, `ce_time`, `ce_specversion`) and `traceparent`.
 */
export interface Topic {
  /** The event in it; null where the values are copies of another topic's (`copyOf`), or of any (dead letters). */
  readonly event: EventName | null;
  /** The topic whose keys and values are in it, unchanged: they are decoded as those are. */
  readonly copyOf?: 'tasks.requested' | 'tasks.completed';
  /** The field of the event that is the record's key, as decimal where it is a number. */
  readonly keyField?: string;
  /** The field of the event that says when it happened: `ce_time`. */
  readonly timeField?: string;
  /** One sentence for people. */
  readonly description: string;
  readonly key:
    | 'task id, decimal'
    | 'gateway name'
    | 'executor name'
    | 'bulk id'
    | 'schedule id'
    | 'dead letter'
    | 'as in the original record';
  /** How many partitions: the setting TOPIC_PARTITIONS for topics keyed by task id, else a fixed number. */
  readonly partitions: 'by-setting' | number;
  /** How long records are kept: 'documents' is longer than the read model keeps its documents, see `retentionMs`. */
  readonly retention: 'documents' | 'for-ever' | 'dead-letters';
  /**
   * Whether only the newest record of a key counts, so that Kafka may remove the older ones before their time. A record
   * without a value (a tombstone) removes its key.
   */
  readonly isCompacted?: true;
  /**
   * Part of the contract, but not created yet, since no service of this version writes or reads it. Its event may still
   * change.
   */
  readonly isReserved?: true;
  readonly producers: readonly (ServiceName | FutureServiceName)[];
  readonly consumers: readonly (ServiceName | FutureServiceName)[];
}

export type ServiceName = 'gateway' | 'executor' | 'notifier' | 'projector';

/** A service that does not exist yet: only in reserved topics. */
type FutureServiceName = 'scheduler';

const byTaskId = {
  key: 'task id, decimal',
  keyField: 'task_id',
  partitions: 'by-setting',
  retention: 'documents',
} as const;

const byBulkId = {
  key: 'bulk id',
  keyField: 'bulk_id',
  partitions: 1,
  retention: 'documents',
  isReserved: true,
  producers: ['gateway'],
  consumers: ['gateway'],
} as const;

/** How many delays there are between attempts at a webhook: a topic each. How long they are, the notifier's settings say. */
export const retryTierCount = 4;

export type RetryTopicName = `notifications.retry.${1 | 2 | 3 | 4}`;

/** The topic of a delay tier, from 1 (the shortest) to `retryTierCount`. */
export function retryTopic(tier: number): RetryTopicName {
  return `notifications.retry.${tier as 1 | 2 | 3 | 4}`;
}

export const topics = {
  'tasks.requested': {
    ...byTaskId,
    event: 'TaskRequested',
    timeField: 'requested_at',
    description:
      'A task was accepted. A task of a type that no executor had at first comes a second time, with the same event id.',
    producers: ['gateway', 'executor'],
    consumers: ['gateway', 'executor', 'projector'],
  },
  'tasks.deferred': {
    ...byTaskId,
    event: null,
    copyOf: 'tasks.requested',
    description:
      'Tasks that wait for an executor that has their type: the bytes of tasks.requested; headers say since when, and when they are due.',
    isCompacted: true,
    producers: ['executor'],
    consumers: ['executor'],
  },
  'tasks.cancellation-requested': {
    ...byTaskId,
    event: 'TaskCancellationRequested',
    timeField: 'requested_at',
    description: 'The cancellation of a task was requested.',
    producers: ['gateway'],
    consumers: ['gateway', 'executor', 'projector'],
  },
  'tasks.started': {
    ...byTaskId,
    event: 'TaskStarted',
    timeField: 'started_at',
    description: 'An attempt at a task began.',
    producers: ['executor'],
    consumers: ['gateway', 'executor', 'projector'],
  },
  'tasks.attempt-failed': {
    ...byTaskId,
    event: 'TaskAttemptFailed',
    timeField: 'failed_at',
    description: 'An attempt at a task failed, and another will follow: status RETRY.',
    producers: ['executor'],
    consumers: ['gateway', 'executor', 'projector'],
  },
  'tasks.progressed': {
    ...byTaskId,
    event: 'TaskProgressed',
    timeField: 'progressed_at',
    description: 'Progress of a running task; only of long ones.',
    producers: ['executor'],
    consumers: ['gateway', 'projector'],
  },
  'tasks.completed': {
    ...byTaskId,
    event: 'TaskCompleted',
    timeField: 'completed_at',
    description: 'A task ended. The lowest offset of a task is its outcome; later ones are repeats.',
    producers: ['executor'],
    consumers: ['gateway', 'executor', 'notifier', 'projector'],
  },
  'tasks.erased': {
    ...byTaskId,
    event: 'TaskErased',
    timeField: 'erased_at',
    description: 'A task that had ended was erased: no reader may show its other events any more.',
    producers: ['gateway'],
    consumers: ['gateway', 'projector'],
  },
  'task-id-leases': {
    event: 'TaskIdLease',
    timeField: 'leased_at',
    description: 'Each record leases 1,000 task ids, named by its offset. Never recreate this topic: ids would repeat.',
    key: 'gateway name',
    keyField: 'gateway',
    partitions: 1,
    retention: 'for-ever',
    producers: ['gateway'],
    consumers: [],
  },
  'notifications.attempted': {
    ...byTaskId,
    event: 'NotificationAttempted',
    timeField: 'attempted_at',
    description:
      'A webhook was attempted: delivered, to be tried again, or given up. The highest offset of a task counts.',
    producers: ['notifier'],
    consumers: ['gateway', 'notifier', 'projector'],
  },
  'notifications.redelivery-requested': {
    ...byTaskId,
    event: 'RedeliveryRequested',
    timeField: 'redelivery_requested_at',
    description: 'A redelivery of the outcome of a task was requested.',
    producers: ['gateway'],
    consumers: ['notifier'],
  },
  ...retryTiers(),
  ...deadLetters('executor'),
  ...deadLetters('notifier'),
  ...deadLetters('projector'),
  'tasks.failure-details': {
    ...byTaskId,
    event: 'TaskFailureDetails',
    timeField: 'failed_at',
    description:
      'Stack and last log lines of a failed attempt: at most 16 KiB. It has rights of its own: only the executor may write it, and only the gateway may read it.',
    isReserved: true,
    producers: ['executor'],
    consumers: ['gateway'],
  },
  'workers.reported': {
    event: 'WorkerReported',
    timeField: 'reported_at',
    description: 'State of an executor process; a tombstone when it has drained.',
    key: 'executor name',
    keyField: 'executor',
    partitions: 1,
    retention: 'for-ever',
    isCompacted: true,
    isReserved: true,
    producers: ['executor'],
    consumers: ['gateway'],
  },
  'operations.bulk-requested': {
    ...byBulkId,
    event: 'BulkRequested',
    timeField: 'requested_at',
    description: 'One action on all tasks that match a filter was requested.',
  },
  'operations.bulk-abort-requested': {
    ...byBulkId,
    event: 'BulkAbortRequested',
    timeField: 'requested_at',
    description: 'A bulk action is to stop.',
  },
  'operations.bulk-progressed': {
    ...byBulkId,
    event: 'BulkProgressed',
    timeField: 'progressed_at',
    description: 'Progress of a bulk action. The highest offset of an action counts.',
  },
  'operations.dead-letter-decided': {
    event: 'DeadLetterDecided',
    timeField: 'decided_at',
    description: 'A dead letter is discarded or replayed.',
    key: 'dead letter',
    keyField: 'dead_letter',
    partitions: 1,
    retention: 'dead-letters',
    isReserved: true,
    producers: ['gateway'],
    consumers: ['gateway'],
  },
  ...replays('executor'),
  ...replays('notifier'),
  ...replays('projector'),
  'tasks.scheduled': {
    ...byTaskId,
    event: 'TaskRequested',
    timeField: 'requested_at',
    description: 'A task with run_at was accepted. When it is due, its bytes are copied to tasks.requested.',
    isReserved: true,
    producers: ['gateway'],
    consumers: ['gateway', 'projector', 'scheduler'],
  },
  'tasks.rescheduled': {
    ...byTaskId,
    event: 'TaskRescheduled',
    timeField: 'rescheduled_at',
    description: 'A task that waits for its time got another one. The highest offset of a task counts.',
    isReserved: true,
    producers: ['gateway'],
    consumers: ['scheduler'],
  },
  'tasks.settled': {
    ...byTaskId,
    event: 'WaitEnded',
    timeField: 'settled_at',
    description: 'A task of tasks.scheduled does not wait any more: released, cancelled or expired.',
    isReserved: true,
    producers: ['scheduler'],
    consumers: ['scheduler'],
  },
  'schedules.changed': {
    event: 'ScheduleChanged',
    timeField: 'changed_at',
    description: 'Definition of a schedule; a tombstone when it is deleted.',
    key: 'schedule id',
    keyField: 'schedule_id',
    partitions: 1,
    retention: 'for-ever',
    isCompacted: true,
    isReserved: true,
    producers: ['gateway'],
    consumers: ['gateway', 'scheduler'],
  },
  'schedules.fired': {
    event: 'ScheduleFired',
    timeField: 'fired_at',
    description: 'A time of a schedule came.',
    key: 'schedule id',
    keyField: 'schedule_id',
    partitions: 1,
    retention: 'documents',
    isReserved: true,
    producers: ['scheduler'],
    consumers: ['gateway', 'scheduler'],
  },
} as const satisfies Record<string, Topic>;

export type TopicName = keyof typeof topics;

/** The topics that carry one of our events: what a codec can encode and decode. */
export type EventTopicName = { [T in TopicName]: (typeof topics)[T]['event'] extends null ? never : T }[TopicName];

/** The topics that carry copies of another topic's records. */
export type CopyTopicName = {
  [T in TopicName]: (typeof topics)[T] extends { copyOf: EventTopicName } ? T : never;
}[TopicName];

/** The topics whose records can be decoded: those of an event, and those of its copies. */
export type DecodableTopicName = EventTopicName | CopyTopicName;

/** The topic whose event a topic carries: itself, or the one that it has copies of. */
export function eventTopicOf<T extends DecodableTopicName>(topic: T): EventTopicOf<T> {
  const { copyOf }: Topic = topics[topic];
  return (copyOf ?? topic) as EventTopicOf<T>;
}

export type EventTopicOf<T extends DecodableTopicName> = T extends EventTopicName
  ? T
  : (typeof topics)[T] extends { copyOf: infer C extends EventTopicName }
    ? C
    : never;

/** The topics that exist: all but those that are reserved. */
export const activeTopics: Readonly<Record<string, Topic>> = Object.fromEntries(
  Object.entries<Topic>(topics).filter(([, { isReserved }]) => isReserved !== true),
);

/** The topics of the contract that do not exist yet. */
export const reservedTopics: Readonly<Record<string, Topic>> = Object.fromEntries(
  Object.entries<Topic>(topics).filter(([, { isReserved }]) => isReserved === true),
);

/** The topics that a service reads, by the catalogue. */
export function topicsReadBy(service: ServiceName): TopicName[] {
  return (Object.keys(activeTopics) as TopicName[]).filter((name) => activeTopics[name]!.consumers.includes(service));
}

/** Name of the topic that takes what a service could not handle: original bytes and headers, plus why. */
export function deadLetterTopic<S extends Exclude<ServiceName, 'gateway'>>(service: S): `dead-letters.${S}` {
  return `dead-letters.${service}`;
}

const dayMs = 86_400_000;

/**
 * How much longer than the documents the topics are kept, in days: a segment (1) is deleted as a whole, the longest
 * task takes 1, the webhooks' retry schedule 2; the rest is slack. A read model that is rebuilt from the log thus
 * finds all that the live one still shows.
 */
export const topicRetentionMarginDays = 7;

/**
 * How long a topic keeps its records.
 * @param documentRetentionDays how long the read model keeps a task after it was created, in days
 * @returns milliseconds; -1 for ever, as Kafka's `retention.ms` has it
 */
export function retentionMs(topic: Topic, documentRetentionDays: number): number {
  if (topic.retention === 'for-ever') return -1;
  return (documentRetentionDays + topicRetentionMarginDays) * dayMs;
}

function deadLetters<S extends Exclude<ServiceName, 'gateway'>>(service: S) {
  const topic = {
    event: null,
    description: `What the ${service} could not handle: the original bytes and headers, plus why.`,
    key: 'as in the original record',
    partitions: 1,
    retention: 'dead-letters',
    producers: [service],
    consumers: [],
  } as const;
  return { [deadLetterTopic(service)]: topic } as Record<`dead-letters.${S}`, typeof topic>;
}

/** Partitions as those of the topics keyed by task id, so that a record is replayed in its original partition number. */
function replays<S extends Exclude<ServiceName, 'gateway'>>(service: S) {
  const topic = {
    event: null,
    description: `Dead letters of the ${service} to be handled again: the original bytes and headers, in the original partition number.`,
    key: 'as in the original record',
    partitions: 'by-setting',
    retention: 'dead-letters',
    isReserved: true,
    producers: ['gateway'],
    consumers: [service],
  } as const;
  return { [`replays.${service}`]: topic } as Record<`replays.${S}`, typeof topic>;
}

/**
 * Values are those of `tasks.completed`, unchanged; headers say when the next attempt is due and which one it is. They
 * are kept far longer than the longest delay and any backlog.
 */
function retryTiers() {
  const tiers = Array.from({ length: retryTierCount }, (_, index) => {
    const topic = {
      ...byTaskId,
      event: null,
      copyOf: 'tasks.completed',
      description: `Webhooks that wait for their next attempt, delay tier ${index + 1} of ${retryTierCount}: the bytes of tasks.completed.`,
      producers: ['notifier'],
      consumers: ['notifier'],
    } as const;
    return [retryTopic(index + 1), topic] as const;
  });
  return Object.fromEntries(tiers) as Record<RetryTopicName, (typeof tiers)[number][1]>;
}
