import { topicName, type KafkaConnection } from '../connection.ts';
import { connectGroupless, type GrouplessCluster } from './groupless-cluster.ts';
import { knowsTopicIds, requestMetadata } from './metadata-request.ts';
import { within } from '@nask/async';

/** Kafka did not say which ids topics have. Trying again may help. */
export class TopicIdsError extends Error {
  override readonly name = 'TopicIdsError';
  readonly code = 'TOPIC_IDS_UNAVAILABLE';
}

/** Which ids Kafka gave topics when they were created: one that is deleted and created again has another. */
export interface TopicIds {
  /**
   * Rejects with TopicIdsError, within the time-out; also when one of them does not exist.
   * @param topics the catalogue's names
   * @returns topic -> id, as Kafka's tools print it; without those that have none, and empty with a Kafka before 3.0
   */
  read(topics: readonly string[]): Promise<ReadonlyMap<string, string>>;
  stop(): Promise<void>;
}

/** What a topic has that is older than Kafka 2.8. */
const none = Buffer.alloc(16).toString('base64url');

/** Opens nothing by itself: the first question connects. */
export function createTopicIds(
  connection: KafkaConnection,
  { timeoutMs = 4_000 }: { timeoutMs?: number } = {},
): TopicIds {
  let current: GrouplessCluster | undefined;
  let stopped = false;

  async function ask({ connected }: GrouplessCluster, topics: readonly string[]): Promise<Map<string, string>> {
    const cluster = await connected;
    const names = new Map(topics.map((topic) => [topicName(connection, topic), topic]));
    await cluster.addMultipleTargetTopics([...names.keys()]);
    const broker = await cluster.findControllerBroker();
    const ids = new Map<string, string>();
    if (!(await knowsTopicIds(broker))) return ids;
    for (const { errorCode, name, topicId } of await requestMetadata(broker, [...names.keys()])) {
      if (errorCode !== 0) throw new Error(`Kafka's error ${errorCode} for ${name}`);
      if (topicId !== none) ids.set(names.get(name)!, topicId);
    }
    return ids;
  }

  return {
    async read(topics) {
      if (stopped) throw new TopicIdsError('The look-up of topic ids is stopped');
      const used = (current ??= connectGroupless(connection));
      try {
        return await within(timeoutMs, 'asking for topic ids', ask(used, topics));
      } catch (error) {
        // Whatever it is stuck in ends with it.
        used.abandon();
        if (current === used) current = undefined;
        const { message } = error as Error;
        throw new TopicIdsError(`Kafka did not say which ids topics have: ${message}`, { cause: error });
      }
    },
    async stop() {
      stopped = true;
      current?.abandon();
    },
  };
}
