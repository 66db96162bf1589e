import { within } from '@nask/async';
import { abandonableKafka, type KafkaConnection } from '../connection.ts';

/** `in-use`: somebody is a member of it, so it stays. */
type GroupDeletion = 'deleted' | 'absent' | 'in-use';

/**
 * Deletes a consumer group that nobody is in any more, with its commits: Kafka keeps those for a week by default.
 * Rejects with kafkajs's error, or after the time-out; the group may be gone all the same.
 */
export async function deleteGroup(
  connection: KafkaConnection,
  groupId: string,
  { timeoutMs = 10_000 }: { timeoutMs?: number } = {},
): Promise<GroupDeletion> {
  const client = abandonableKafka(connection, { quiet: true, retry: { retries: 2 } });
  const admin = client.kafka.admin();
  try {
    await within(
      timeoutMs,
      `deleting the group ${groupId}`,
      admin.connect().then(() => admin.deleteGroups([groupId])),
    );
    return 'deleted';
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === 'GROUP_ID_NOT_FOUND') return 'absent';
    if (refusal === 'NON_EMPTY_GROUP') return 'in-use';
    throw error;
  } finally {
    client.abandon();
  }
}

/** What a broker said of the one group. */
function refusalOf(error: unknown): string | undefined {
  return (error as { groups?: { error?: { type?: string } }[] }).groups?.[0]?.error?.type;
}
