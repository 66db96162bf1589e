import { afterAll, describe, expect, test } from '@jest/globals';
import { isolate, testServers } from '@nask/testkit';
import { createTopic, recreateTopic } from '../../testing/topics.ts';
import { silentLogger } from '../../testing/silent-logger.ts';
import { connectKafka } from '../connection.ts';
import { createTopicIds, TopicIdsError } from './topic-ids.ts';

const { brokers } = testServers();
const { topicPrefix } = isolate('topic-ids');
const connection = connectKafka({ brokers, clientId: 'test', topicPrefix, logger: silentLogger });

const topicIds = createTopicIds(connection);
afterAll(() => topicIds.stop());

describe('the ids of topics', () => {
  test('stay as long as the topic does; one that is created again has another', async () => {
    for (const topic of ['one', 'two']) await createTopic(connection, topic, 3);
    const before = await topicIds.read(['one', 'two']);
    expect([...before.keys()].toSorted()).toEqual(['one', 'two']);
    expect(new Set(before.values()).size).toBe(2);
    for (const id of before.values()) expect(id).toMatch(/^[\w-]{22}$/);
    expect(await topicIds.read(['two', 'one'])).toEqual(before);

    await recreateTopic(connection, 'one', 3);

    const after = await topicIds.read(['one', 'two']);
    expect(after.get('one')).not.toBe(before.get('one'));
    expect(after.get('two')).toBe(before.get('two'));
  }, 30_000);

  test('given a topic that is not there, or no Kafka, then an error of its own', async () => {
    await expect(topicIds.read(['nowhere'])).rejects.toThrow(TopicIdsError);
    expect((await topicIds.read(['two'])).size).toBe(1);
    const away = connectKafka({ brokers: ['127.0.0.1:9'], clientId: 'test', logger: silentLogger });
    const lost = createTopicIds(away);
    await expect(lost.read(['one'])).rejects.toThrow(TopicIdsError);
  }, 30_000);
});
