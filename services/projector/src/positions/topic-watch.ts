import type { Logger, TopicIds } from '@nask/kafka';

/**
 * Notices that a topic is created anew while it is read. Kafka's fetch asks by name: a consumer goes on, unawares, with
 * the offsets of the topic that is gone.
 */
interface TopicWatch {
  /** As TopicIds. What it answers first of each topic is what the topic is expected to be from then on. */
  read: TopicIds['read'];
  /** Compares the topics with what they were. Rejects when Kafka does not say, also while one does not exist. */
  recheck(): Promise<void>;
  /** Which topic is another one now; undefined: none. It stays so. */
  fault(): string | undefined;
}

export function createTopicWatch(options: {
  topicIds: Pick<TopicIds, 'read'>;
  /** Where the read model is, for the messages: database and generation. */
  where: Readonly<Record<string, unknown>>;
  logger: Pick<Logger, 'error'>;
}): TopicWatch {
  const { topicIds, where, logger } = options;
  const expected = new Map<string, string>();
  let fault: string | undefined;

  return {
    async read(topics) {
      const ids = await topicIds.read(topics);
      for (const [topic, id] of ids) if (!expected.has(topic)) expected.set(topic, id);
      return ids;
    },
    async recheck() {
      if (fault !== undefined || expected.size === 0) return;
      for (const [topic, topicId] of await topicIds.read([...expected.keys()])) {
        if (topicId === expected.get(topic)) continue;
        fault = `${topic} was deleted and created again while it was read`;
        logger.error(
          { topic, topicId, expectedTopicId: expected.get(topic), ...where },
          'a topic was deleted and created again while it was read, so the read model is not of this log. ' +
            'Nothing is projected. To build it anew from the log: npm run projector -- rebuild',
        );
        return;
      }
    },
    fault: () => fault,
  };
}
