import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { NotificationState, TaskDocument } from '@nask/schemas';
import { spawnService, type ServiceUnderTest } from '@nask/testkit';
import { answerOf, openSurroundings, type Surroundings } from '../fixtures/surroundings.ts';
import { documentOfSlots } from '../fixtures/task-documents.ts';

jest.setTimeout(120_000);

let around: Surroundings;
let gateway: ServiceUnderTest;

beforeAll(async () => {
  around = await openSurroundings('redelivery');
  gateway = await spawnService('gateway', { ...around.env, MAX_REDELIVERIES: '4' });
});
afterAll(async () => {
  await gateway?.close();
  await around?.close();
});

function endedTask(id: number, state: NotificationState | undefined, endedAt: string): TaskDocument {
  const from = { offset: 5, event_id: 'e', attempt: 1, executor: 'x' };
  const completed = {
    ...from,
    outcome: 'SUCCESS' as const,
    result: '541',
    error: null,
    completed_at: new Date(endedAt),
  };
  const requested = {
    offset: 0,
    event_id: 'r',
    type: 'prime',
    payload: '{"input":100}',
    notify_url: 'http://127.0.0.1:8000/',
    requested_at: new Date(0),
  };
  if (state === undefined) return documentOfSlots({ _id: id, status: 'SUCCESS', requested, completed });
  const notified = {
    offset: 1,
    event_id: 'n',
    round: 0,
    state,
    attempts: 8,
    last_error: 'the receiver answered 503',
    attempted_at: new Date(0),
    next_attempt_at: null,
  };
  return documentOfSlots({ _id: id, status: 'SUCCESS', requested, completed, notified });
}

const post = (path: string, body?: object) =>
  fetch(gateway.url + path, {
    method: 'POST',
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });

/** The ids of all tasks whose redelivery is requested by now, in the order of the log. */
async function askedFor(): Promise<number[]> {
  return (await around.log.events('notifications.redelivery-requested')).map(({ task_id: id }) => id);
}

describe('outcomes that are sent again by hand', () => {
  test('one: whatever became of it before', async () => {
    for (const state of [undefined, 'DELIVERED', 'FAILED'] as const) {
      await around.store(endedTask(4, state, '2026-11-01T00:00:00Z'));
      expect(await answerOf(post('/api/tasks/4/notifications'))).toEqual([202, { requested: 1 }]);
    }
    expect(await askedFor()).toEqual([4, 4, 4]);
  });

  test('one that is too large for a record: 413, and those with it are sent again', async () => {
    const at = '2026-10-01T00:00:00Z';
    const task = endedTask(11, 'FAILED', at);
    const payload = JSON.stringify({ input: 'x'.repeat(900_000) });
    await around.store({ ...task, requested: { ...task.requested!, payload } });
    expect(await answerOf(post('/api/tasks/11/notifications'))).toEqual([
      413,
      {
        type: '/problems/outcome-too-large',
        title: 'The outcome is too large to be sent again',
        status: 413,
        detail: expect.stringMatching(
          /^The outcome of task 11 is larger than Kafka takes as one record\. .* \d+ bytes; the limit is 900000\.$/,
        ),
      },
    ]);
    await around.store(endedTask(12, 'FAILED', at));
    const body = { from: at, to: '2026-10-02T00:00:00Z', state: 'FAILED' };
    expect(await answerOf(post('/api/notifications/redeliver', body))).toEqual([202, { requested: 1 }]);
    expect((await askedFor()).filter((id) => id === 11 || id === 12)).toEqual([12]);
  });

  test('GET says how the webhook stands', async () => {
    await around.store(endedTask(4, 'FAILED', '2026-11-01T00:00:00Z'));
    const [, task] = await answerOf(fetch(`${gateway.url}/api/tasks/4`));
    expect(task['notification']).toEqual({ state: 'FAILED', attempts: 8, last_error: 'the receiver answered 503' });
  });

  test('all that were given up and ended in a span of time, in parts', async () => {
    const before = (await askedFor()).length;
    for (const id of [101, 102, 103, 104, 105, 106])
      await around.store(endedTask(id, 'FAILED', '2026-11-24T12:00:00Z'));
    await around.store(endedTask(107, 'FAILED', '2026-11-25T00:00:00Z'));
    await around.store(endedTask(108, 'FAILED', '2026-11-23T23:59:59.999Z'));
    await around.store(endedTask(109, 'DELIVERED', '2026-11-24T12:00:00Z'));
    const body = { from: '2026-11-24T00:00:00Z', to: '2026-11-25T00:00:00Z', state: 'FAILED' };

    const [status, first] = await answerOf(post('/api/notifications/redeliver', body));
    expect([status, first]).toEqual([202, { requested: 4, cursor: expect.any(String) }]);
    const rest = await answerOf(post('/api/notifications/redeliver', { ...body, cursor: first['cursor'] }));
    expect(rest).toEqual([202, { requested: 2 }]);
    const asked = (await askedFor()).filter((id) => id > 100);
    expect(asked.sort((a, b) => a - b)).toEqual([101, 102, 103, 104, 105, 106]);
    expect(await askedFor()).toHaveLength(before + 6);
  });
});
