import { kafkaOf, type KafkaConnection } from '../src/connection.ts';

/** For tests: what a broker does with a group that has had no members for long, its commits go. */
export async function forgetGroup(connection: KafkaConnection, groupId: string): Promise<void> {
  const admin = kafkaOf(connection).admin();
  await admin.connect();
  await admin.deleteGroups([groupId]);
  await admin.disconnect();
}
