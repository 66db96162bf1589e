import { describe, expect, test } from '@jest/globals';
import { eventWithDefaults, type TaskCompleted } from '@nask/schemas';
import { createLogger } from '@nask/service';
import { createEventPublisher } from '@nask/task-log';
import { isolate, startOwnKafka, testServers } from '@nask/testkit';
import { openTestTaskLog, type TestTaskLog } from '@nask/testkit/task-log';
import { failure } from '../lanes/run-result.rules.ts';
import { newTaskCompleted } from './new-events.rules.ts';
import { describeTaskExecutor } from './task-executor.suite.ts';
import type { OpenLog } from '../fixtures/executor-harness.ts';
import { createTaskEventLog } from './task-event-log.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const openLog = ({ producer, codec }: TestTaskLog) =>
  createTaskEventLog(createEventPublisher({ producer, codec, source: '/nask/executor', logger }), logger);

describeTaskExecutor('Kafka', async (): Promise<OpenLog> => {
  const events = await openTestTaskLog(isolate('executor-log'));
  return {
    log: openLog(events),
    read: (topic) => events.events(topic),
    close: () => events.close(),
  };
});

describe('the events in Kafka', () => {
  const task = eventWithDefaults('TaskRequested', {
    event_id: '019ab6f0-3c5e-7d2a-9b1f-5a7e2c4d8e10',
    task_id: 4,
    type: 'resize-image',
    payload: '{}',
    requested_at: 1_000,
  });
  const none = { number: 0, executor: 'executor-a', startedAtMs: null };
  const completed: TaskCompleted = newTaskCompleted(task, none, failure('unknown-task-type', 'No handler.'), 2_000);
  const never = new AbortController().signal;

  test('are keyed by task id, with CloudEvents headers and the trace of the request', async () => {
    const events = await openTestTaskLog(isolate('executor-headers'));
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await openLog(events).append('tasks.completed', completed, { signal: never, traceparent });
    expect(await events.records('tasks.completed')).toEqual([
      expect.objectContaining({
        key: '4',
        headers: {
          ce_specversion: '1.0',
          ce_id: completed.event_id,
          ce_type: 'TaskCompleted',
          ce_source: '/nask/executor',
          ce_subject: '4',
          ce_time: '1970-01-01T00:00:02.000Z',
          traceparent,
        },
      }),
    ]);
    await events.close();
  });

  test('reach a Kafka that was away; what is aborted meanwhile gives up at once', async () => {
    const kafka = await startOwnKafka();
    try {
      const servers = { brokers: [kafka.address], registryUrl: testServers().registryUrl };
      const events = await openTestTaskLog(isolate('executor-outage'), { servers, deadlineMs: 1_000 });
      await kafka.kill();
      const log = openLog(events);
      const controller = new AbortController();
      const aborted = expect(log.append('tasks.completed', completed, { signal: controller.signal })).rejects.toThrow(
        'enough',
      );
      const published = log.append('tasks.completed', { ...completed, task_id: 5 }, { signal: never });
      controller.abort(new Error('enough'));
      await aborted;
      await kafka.start();
      await published;
      expect((await events.records('tasks.completed')).map(({ key }) => key)).toContain('5');
      await events.close();
    } finally {
      await kafka.close();
    }
  }, 120_000);
});
