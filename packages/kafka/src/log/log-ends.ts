import { abandonableKafka, topicName, type KafkaConnection } from '../connection.ts';
import { shareNextRun } from './shared-run.ts';
import { topicEnds, type LogEnd } from './topic-ends.ts';
import { within } from '@nask/async';

/** Kafka did not say where a topic ends. */
export class LogEndsError extends Error {
  override readonly name = 'LogEndsError';
  readonly code = 'LOG_ENDS_UNAVAILABLE';
}

export interface LogEnds {
  /**
   * Where each partition of a topic ends, asked of Kafka after the call: every record that was acknowledged before the
   * call is below. All who call while a look-up is under way share the next one.
   * Rejects with LogEndsError, within twice the time-out: a look-up that is under way, and one's own.
   * @returns partition -> its ends
   */
  endOffsets(topic: string): Promise<ReadonlyMap<number, LogEnd>>;
  partitionCount(topic: string): Promise<number>;
  stop(): Promise<void>;
}

type Ends = ReadonlyMap<number, LogEnd>;

export function createLogEnds(
  connection: KafkaConnection,
  { timeoutMs = 2_000 }: { timeoutMs?: number } = {},
): LogEnds {
  const lookUps = new Map<string, () => Promise<Ends>>();
  let current: ReturnType<typeof connectAdmin> | undefined;
  let stopped = false;

  async function lookUp(topic: string): Promise<Ends> {
    if (stopped) throw new LogEndsError('The look-up of log ends is stopped');
    const used = (current ??= connectAdmin(connection));
    try {
      const asking = used.connected.then(() => topicEnds(used.admin, topicName(connection, topic), timeoutMs));
      return await within(timeoutMs, `looking up the end of ${topic}`, asking);
    } catch (error) {
      // Whatever it is stuck in ends with it.
      used.client.abandon();
      if (current === used) current = undefined;
      throw new LogEndsError(`Kafka did not say where ${topic} ends: ${(error as Error).message}`, { cause: error });
    }
  }

  function endOffsets(topic: string): Promise<Ends> {
    const shared = lookUps.get(topic) ?? shareNextRun(() => lookUp(topic));
    lookUps.set(topic, shared);
    return shared();
  }

  return {
    endOffsets,
    partitionCount: async (topic) => (await endOffsets(topic)).size,
    async stop() {
      stopped = true;
      current?.client.abandon();
    },
  };
}

function connectAdmin(connection: KafkaConnection) {
  const client = abandonableKafka(connection, { quiet: true, retry: { retries: 2 } });
  const admin = client.kafka.admin();
  return { client, admin, connected: admin.connect() };
}
