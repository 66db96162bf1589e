import { kafkaOf, topicName, type KafkaConnection } from '../src/connection.ts';
import { createTopic } from './topics.ts';

const pollMs = 20;

/** For tests: deletes a topic with all its records, and creates one of that name. */
export async function recreateTopic(connection: KafkaConnection, topic: string, partitions: number): Promise<void> {
  const name = topicName(connection, topic);
  const admin = kafkaOf(connection).admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [name] });
  while ((await admin.listTopics()).includes(name)) await new Promise((resolve) => setTimeout(resolve, pollMs));
  await admin.disconnect();
  await createTopic(connection, topic, partitions);
}
