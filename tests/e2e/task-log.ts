import { connectKafka, createLogEnds, createLogReader, createProducer, partitionFor } from '@nask/kafka';
import { createEventCodec, type EventOf } from '@nask/task-log';
import type { EventTopicName, TaskRequested } from '@nask/schemas';
import type { TestServers } from '@nask/testkit';
import { silentLogger } from '../../packages/kafka/testing/silent-logger.ts';

/** The log of a system under test, from outside: what is in it, and requests that no gateway wrote. */
export interface TaskLog {
  /** All events of a topic up to its end as it is now; those of a partition in the order of their offsets. */
  read<T extends EventTopicName>(topic: T): Promise<EventOf<T>[]>;
  /** How many records a topic has. */
  count(topic: EventTopicName): Promise<number>;
  /** Writes TaskRequested for these, resolved once all are acknowledged. */
  request(tasks: Iterable<Pick<TaskRequested, 'task_id' | 'type'> & { input: number }>): Promise<void>;
  /** The first `count` ids whose tasks live in this partition. */
  idsIn(partition: number, count: number): Promise<number[]>;
  close(): Promise<void>;
}

export async function openTaskLog(servers: TestServers, topicPrefix: string): Promise<TaskLog> {
  const logger = silentLogger;
  const connection = connectKafka({ brokers: servers.brokers, clientId: 'task-log', topicPrefix, logger });
  const codec = createEventCodec({ registryUrl: servers.registryUrl, topicPrefix, logger });
  const producer = createProducer({ connection, logger });
  const ends = createLogEnds(connection, { timeoutMs: 10_000 });
  const reader = createLogReader(connection);
  await Promise.all([codec.start(), producer.start()]);

  return {
    async read<T extends EventTopicName>(topic: T) {
      const partitions = await ends.partitionCount(topic);
      const events: EventOf<T>[] = [];
      for (let partition = 0; partition < partitions; partition += 1) {
        for await (const { value } of reader.read({ topic, partition }, { offset: 0 }))
          events.push(await codec.decode(topic, value));
      }
      return events;
    },

    async count(topic) {
      const offsets = await ends.endOffsets(topic);
      return [...offsets.values()].reduce((sum, { logStart, logEnd }) => sum + logEnd - logStart, 0);
    },

    async request(tasks) {
      const sent = [...tasks].map(({ task_id, type, input }) => {
        const value = codec.encode('tasks.requested', {
          event_id: crypto.randomUUID(),
          task_id,
          type,
          payload: JSON.stringify({ input }),
          notify_url: null,
          requested_at: Date.now(),
          timeout_ms: null,
        });
        return producer.send({ topic: 'tasks.requested', key: String(task_id), value });
      });
      await Promise.all(sent);
    },

    async idsIn(partition, count) {
      const partitions = await ends.partitionCount('tasks.requested');
      const ids: number[] = [];
      for (let id = 1; ids.length < count; id += 1)
        if (partitionFor(String(id), partitions) === partition) ids.push(id);
      return ids;
    },

    async close() {
      await Promise.all([producer.stop(), ends.stop(), reader.stop()]);
    },
  };
}
