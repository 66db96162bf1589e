import { expect, test } from '@jest/globals';
import { eventually, isolate, testServers } from '@nask/testkit';
import { silentLogger } from '../../testing/silent-logger.ts';
import { connectKafka } from '../connection.ts';
import { deleteGroup } from './delete-group.ts';
import { createTopic } from '../../testing/topics.ts';
import { createParallelConsumer } from '../consumer/parallel-consumer.ts';

const { topicPrefix, groupPrefix } = isolate('delete-group');
const { brokers } = testServers();
const connection = connectKafka({ brokers, clientId: 'test', topicPrefix, logger: silentLogger });

test('a group is deleted once nobody is in it, and is not there afterwards', async () => {
  await createTopic(connection, 'events', 1);
  const groupId = `${groupPrefix}reader`;
  const consumer = createParallelConsumer({
    connection,
    groupId,
    topics: ['events'],
    handler: async () => undefined,
    logger: silentLogger,
  });
  await consumer.start();
  await eventually(() => expect(consumer.health().ready).toBe(true));
  expect(await deleteGroup(connection, groupId)).toBe('in-use');

  await consumer.stop();
  expect(await deleteGroup(connection, groupId)).toBe('deleted');
  expect(await deleteGroup(connection, groupId)).toBe('absent');
}, 30_000);

test('given no Kafka, then it rejects', async () => {
  const away = connectKafka({ brokers: ['127.0.0.1:9'], clientId: 'test', logger: silentLogger });
  await expect(deleteGroup(away, 'any')).rejects.toThrow(/ECONNREFUSED|Connection/);
}, 30_000);
