import type { TaskAttemptFailed, TaskCompleted, TaskProgressed, TaskStarted } from '@nask/schemas';
import { EventTooLargeError } from './task-event-log.ts';
import type { OpenLog } from '../fixtures/executor-harness.ts';
import { describeTaskExecutor } from './task-executor.suite.ts';

const maxRecordLength = 900_000;

// The same suite runs on Kafka: adapters/kafka-task-event-log.integration.test.ts.
describeTaskExecutor('memory', async (): Promise<OpenLog> => {
  const started: TaskStarted[] = [];
  const attemptsFailed: TaskAttemptFailed[] = [];
  const progressed: TaskProgressed[] = [];
  const completed: TaskCompleted[] = [];
  const append =
    <E extends object>(events: E[]) =>
    async (event: E, { signal }: { signal: AbortSignal }) => {
      signal.throwIfAborted();
      if (JSON.stringify(event).length > maxRecordLength) throw new EventTooLargeError('too large');
      events.push(event);
    };
  return {
    log: {
      started: append(started),
      attemptFailed: append(attemptsFailed),
      progressed: (event) => void progressed.push(event),
      completed: append(completed),
    },
    read: async () => ({ started, attemptsFailed, progressed, completed }),
    close: async () => {},
  };
});
