import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventWithDefaults } from '@nask/schemas';
import { isolate } from './servers.ts';
import { openTestTaskLog, type TestTaskLog } from './task-log.ts';

let log: TestTaskLog;
beforeAll(async () => {
  log = await openTestTaskLog(isolate('task-log'));
}, 60_000);
afterAll(() => log?.close());

test('an event that is written is read, keyed by its task and with the headers of its topic', async () => {
  const event = eventWithDefaults('TaskRequested', {
    event_id: crypto.randomUUID(),
    task_id: 7,
    type: 'prime',
    payload: '{"input":7}',
    notify_url: null,
    requested_at: 1,
    timeout_ms: null,
  });
  const position = await log.write('tasks.requested', event);

  expect(await log.events('tasks.requested')).toEqual([event]);
  expect(await log.records('tasks.requested')).toMatchObject([
    { ...position, key: '7', headers: { ce_id: event.event_id, ce_type: 'TaskRequested', ce_subject: '7' } },
  ]);
  const ends = await log.ends('tasks.requested');
  expect([ends.size, ends.get(position.partition)]).toEqual([3, { logStart: 0, logEnd: 1 }]);
}, 60_000);
