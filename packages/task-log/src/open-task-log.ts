import { connectKafka, createProducer, type GroupCommitProducer, type KafkaConnection } from '@nask/kafka';
import {
  kafkaAccess,
  registryAccess,
  type Component,
  type kafkaSettings,
  type registrySettings,
  type Service,
} from '@nask/service';
import { createEventCodec, type EventCodec } from './codec.ts';
import { createEventPublisher, type EventPublisher } from './publish.ts';

/** The log of our events as a service uses it. Nothing is connected before the components start. */
export interface TaskLog {
  readonly connection: KafkaConnection;
  readonly codec: EventCodec;
  readonly producer: GroupCommitProducer;
  /** Writes the service's events; their CloudEvents source is `/nask/<service>`. */
  readonly publisher: EventPublisher;
  readonly components: {
    readonly producer: Component;
    /** Starts once the schema registry has answered. */
    readonly codec: Component;
  };
}

type LogSettings = typeof kafkaSettings & typeof registrySettings;

/**
 * Opens the log that a service's settings name.
 * @param options.clientId how the broker's logs and quotas name this process; default: the service's name
 * @param options.deadlineMs how long a send may take; the producer's default unless given
 */
export function openTaskLog(
  { name, settings, logger, metrics }: Pick<Service<LogSettings>, 'name' | 'settings' | 'logger' | 'metrics'>,
  { clientId = name, deadlineMs }: { clientId?: string; deadlineMs?: number } = {},
): TaskLog {
  const connection = connectKafka({ ...kafkaAccess(settings), clientId, logger });
  const codec = createEventCodec({ ...registryAccess(settings), topicPrefix: settings.TOPIC_PREFIX, logger });
  const producer = createProducer({ connection, logger, metrics, deadlineMs });
  return {
    connection,
    codec,
    producer,
    publisher: createEventPublisher({ producer, codec, source: `/nask/${name}`, logger }),
    components: {
      producer: { name: 'producer', start: () => producer.start(), stop: () => producer.stop() },
      codec: { name: 'event codec', start: ({ signal }) => codec.start({ signal }) },
    },
  };
}
