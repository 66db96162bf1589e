import type { Logger, TopicIds } from '@nask/kafka';

/**
 * Notices that a topic is deleted and created again while it is read. Kafka's fetch names topics, so a consumer continues
 * with the offsets of the deleted topic.
 */
interface TopicWatch {
  /** As TopicIds. The first id of each topic is the expected one from then on. */
  read: TopicIds['read'];
  /** Compares the ids with the expected ones. Rejects when Kafka does not answer, also while a topic does not exist. */
  recheck(): Promise<void>;
  /** Which topic is not the expected one; undefined: none. Permanent once set. */
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
