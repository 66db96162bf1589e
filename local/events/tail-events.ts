import {
  connectKafka,
  createLogReader,
  createLogTail,
  partitionFor,
  type KafkaConnection,
  type TailStart,
} from '@nask/kafka';
import type { EventTopicName } from '@nask/schemas';
import {
  createLogger,
  kafkaAccess,
  kafkaRules,
  kafkaSettings,
  loadSettingsOrExit,
  registryAccess,
  registryRules,
  registrySettings,
  type Logger,
} from '@nask/service';
import { createEventCodec, UndecodableError, type EventCodec } from '@nask/task-log';
import { settingsIn } from '../program-settings.ts';
import { environmentOf, type RunInfo } from '../running-system.ts';
import { taskEventTopics, type SeenEvent } from './seen-event.ts';

/** A record that may be an event of a task. */
interface EventRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: string | null;
  readonly value: Buffer | null;
}

/** Follows the events of tasks; see tailEvents. */
interface EventTail {
  /**
   * The events of a task that were written before the tail began, by time. Events that follow wait meanwhile.
   * Throws the signal's reason.
   */
  history(taskId: number, signal: AbortSignal): Promise<SeenEvent[]>;
  /** Passes on the events that follow. */
  follow(onEvent: (event: SeenEvent) => void): void;
  close(): Promise<void>;
}

/** While the history is read, as many wait; more are dropped. */
const maxHeld = 100_000;

/**
 * Follows the event topics of the running system from their present ends, as a subscriber without a consumer group: nothing
 * is committed and nothing is left behind.
 * @param name of the command, for its messages and the client id
 * @param signal ends the wait for Kafka and the registry
 * @returns once each event that is written from now on will be seen
 */
export async function tailEvents(name: string, running: RunInfo, signal: AbortSignal): Promise<EventTail> {
  const { connection, codec, logger } = connectSubscriber(name, running);
  await codec.start({ signal });
  const started = Promise.withResolvers<TailStart[]>();
  signal.addEventListener('abort', () => started.reject(new Error('Kafka does not answer')));
  let held: EventRecord[] = [];
  let passOn: ((event: SeenEvent) => void) | undefined;
  // Records are decoded one after the other, which keeps their order.
  let decoding = Promise.resolve();
  const tail = createLogTail({
    connection,
    topics: taskEventTopics,
    isWanted: () => true,
    onRecord(record) {
      if (held.length < maxHeld) held.push(record);
      // What one fetch found comes at once, topic by topic.
      if (held.length === 1) queueMicrotask(passOnHeld);
    },
    onStart: started.resolve,
    logger,
  });

  /** By time: the events of a task are in several topics. */
  function passOnHeld(): void {
    if (passOn === undefined) return;
    const onEvent = passOn;
    for (const record of held.toSorted((a, b) => a.timestampMs - b.timestampMs))
      decoding = decoding
        .then(() => decode(record))
        .then(onEvent)
        .catch((err: unknown) => logger.error({ err }, 'an event could not be shown'));
    held = [];
  }

  async function decode({ topic: name, partition, offset, timestampMs, key, value }: EventRecord): Promise<SeenEvent> {
    const topic = name as EventTopicName;
    const place = { topic, partition, offset, timestampMs, taskId: Number(key) };
    try {
      return { ...place, data: { ...(await codec.decode(topic, value)) } };
    } catch (error) {
      if (error instanceof UndecodableError) return place;
      throw error;
    }
  }

  async function history(taskId: number, stopSignal: AbortSignal): Promise<SeenEvent[]> {
    const key = String(taskId);
    const starts = await started.promise;
    const partitions = Math.max(...starts.map(({ partition }) => partition)) + 1;
    const ownPartition = partitionFor(key, partitions);
    const reader = createLogReader(connection);
    const found: SeenEvent[] = [];
    try {
      for (const { topic, partition, offset: end } of starts) {
        if (partition !== ownPartition) continue;
        for await (const record of reader.read({ topic, partition }, { offset: 0 })) {
          stopSignal.throwIfAborted();
          if (record.offset >= end) break;
          if (record.key === key) found.push(await decode(record));
        }
      }
    } finally {
      await reader.stop();
    }
    return found.toSorted((a, b) => a.timestampMs - b.timestampMs);
  }

  await tail.start();
  try {
    await started.promise;
  } catch (error) {
    await tail.stop();
    throw error;
  }
  return {
    history,
    follow: (onEvent) => {
      passOn = onEvent;
      passOnHeld();
    },
    close: async () => {
      await tail.stop();
      await decoding;
    },
  };
}

/** Connects with the credentials of the environment, else with those of the running system. */
function connectSubscriber(
  name: string,
  running: RunInfo,
): { connection: KafkaConnection; codec: EventCodec; logger: Logger } {
  const settings = loadSettingsOrExit({
    service: `npm run ${name}`,
    table: { ...kafkaSettings, ...registrySettings },
    rules: [...kafkaRules, ...registryRules],
    env: { ...running.settings.contract, ...settingsIn(process.env, 'contract'), ...environmentOf(running) },
  });
  const logger = createLogger({ service: name, level: 'error', format: 'pretty' });
  return {
    connection: connectKafka({ ...kafkaAccess(settings), clientId: `nask-${name}`, logger }),
    codec: createEventCodec({ ...registryAccess(settings), topicPrefix: settings.TOPIC_PREFIX, logger }),
    logger,
  };
}
