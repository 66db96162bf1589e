import { randomUUID } from 'node:crypto';
import { connectKafka, createEventCodec, createParallelConsumer, type EventOf } from '@nask/kafka';
import type { EventTopicName } from '@nask/schemas';
import { createLogger } from '@nask/service';
import type { RunInfo } from '../run-info.ts';

/** An event as a person reads it. */
export interface SeenEvent {
  readonly topic: FollowedTopic;
  readonly partition: number;
  readonly offset: number;
  readonly taskId: number;
  /** What is particular to this kind of event. */
  readonly text: string;
}

const topics = ['tasks.requested', 'tasks.started', 'tasks.completed'] as const satisfies EventTopicName[];
type FollowedTopic = (typeof topics)[number];

const inWords: { [T in FollowedTopic]: (event: EventOf<T>) => string } = {
  'tasks.requested': ({ type, payload }) => `TaskRequested ${type} ${payload}`,
  'tasks.started': ({ attempt }) => `TaskStarted attempt ${attempt}`,
  'tasks.completed': ({ outcome, result, error }) => `TaskCompleted ${outcome} ${error ? error.message : result}`,
};

/**
 * Follows the task topics from their present ends, as any subscriber may: a consumer group of its own, the values
 * decoded by the registry.
 * @returns once it is sure to see whatever is written from now on
 */
export async function tailEvents(
  { addresses, topicPrefix }: RunInfo,
  signal: AbortSignal,
  onEvent: (event: SeenEvent) => void,
): Promise<{ close(): Promise<void> }> {
  const logger = createLogger({ service: 'demo', level: 'error', format: 'pretty' });
  const connection = connectKafka({ brokers: addresses.brokers, clientId: 'demo', topicPrefix, logger });
  const codec = createEventCodec({ registryUrl: addresses.registryUrl, topicPrefix, logger });
  await codec.start({ signal });

  const positioned = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => positioned.reject(new Error('Kafka did not let the demo into a group')));
  const consumer = createParallelConsumer({
    connection,
    groupId: `${topicPrefix}demo.${randomUUID()}`,
    topics,
    logger,
    ordering: 'key',
    loadPositions: async (assigned) => {
      positioned.resolve();
      return new Map(assigned.map(({ topic, partition, logEnd }) => [`${topic}/${partition}`, logEnd]));
    },
    handler: async ({ topic, partition, offset, value }) => {
      const name = topic as FollowedTopic;
      const event = await codec.decode(name, value);
      onEvent({ topic: name, partition, offset, taskId: event.task_id, text: inWords[name](event as never) });
    },
  });
  await consumer.start();
  await positioned.promise;
  return { close: () => consumer.stop() };
}
