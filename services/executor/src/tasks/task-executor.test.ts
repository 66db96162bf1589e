import { ProducerError } from '@nask/kafka';
import type { OpenLog } from '../fixtures/executor-harness.ts';
import { describeTaskExecutor } from './task-executor.suite.ts';

const maxRecordLength = 900_000;

// The same suite runs on Kafka: task-event-log.integration.test.ts.
describeTaskExecutor('memory', async (): Promise<OpenLog> => {
  const events: Record<string, object[]> = {};
  const push = (topic: string, event: object) => void (events[topic] ??= []).push(event);
  return {
    log: {
      async append(topic, event, { signal, spareBytes = 0 }) {
        signal.throwIfAborted();
        if (JSON.stringify(event).length > maxRecordLength - spareBytes)
          throw new ProducerError('RECORD_TOO_LARGE', 'too large');
        push(topic, event);
      },
      progressed: (event) => push('tasks.progressed', event),
    },
    read: async <T>(topic: string) => (events[topic] ?? []) as T[],
    close: async () => {},
  };
});
