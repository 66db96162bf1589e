import { retry, within } from '@nask/async';
import { abandonableKafka, type KafkaConnection } from '../connection.ts';

const retryDelayMs = 200;

/** `in-use`: somebody is a member of it, so it stays. */
type GroupDeletion = 'deleted' | 'absent' | 'in-use';

/**
 * Deletes a consumer group that nobody is in any more, with its commits: Kafka keeps those for a week by default.
 * Rejects with the broker's refusal, kafkajs's error, or after the time-out; the group may be gone all the same.
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
      admin.connect().then(() =>
        retry(() => admin.deleteGroups([groupId]), {
          // kafkajs does not repeat what a broker refuses, also where the group's coordinator is only not ready yet.
          onFailure(error) {
            const refusal = refusalOf(error);
            if (refusal?.retriable !== true) throw refusal ?? error;
            return retryDelayMs;
          },
        }),
      ),
    );
    return 'deleted';
  } catch (error) {
    const { type } = error as Refusal;
    if (type === 'GROUP_ID_NOT_FOUND') return 'absent';
    if (type === 'NON_EMPTY_GROUP') return 'in-use';
    throw error;
  } finally {
    client.abandon();
  }
}

/** Why a broker did not delete the group. */
type Refusal = Error & { readonly type?: string; readonly retriable?: boolean };

function refusalOf(error: unknown): Refusal | undefined {
  return (error as { groups?: { error?: Refusal }[] }).groups?.[0]?.error;
}
