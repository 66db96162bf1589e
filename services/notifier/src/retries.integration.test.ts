import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { eventually } from '@nask/testkit';
import { idsOf, startNotifier, type NotifierHarness } from './fixtures/notifier-harness.ts';

// A killed member is in the group until its session has timed out.
jest.setTimeout(120_000);

const delaysMs = [700, 2_000];
let given: NotifierHarness;

beforeAll(async () => {
  given = await startNotifier('notifications', {
    NOTIFY_RETRY_DELAYS_MS: delaysMs.join(','),
    NOTIFY_MAX_ATTEMPTS: '3',
    NOTIFIER_HOST_STILL_MS: '200',
    NOTIFIER_BREAKER_FAILURES: '4',
    NOTIFIER_BREAKER_OPEN_MS: '500',
  });
});
afterEach(() => given.closeReceivers());
afterAll(() => given.close());

async function ended(taskId: number, state: string) {
  return eventually(async () => {
    const attempts = (await given.attempts()).get(taskId) ?? [];
    expect(attempts.at(-1)?.state).toBe(state);
    return attempts;
  });
}

describe('every attempt is an event', () => {
  test('from the first that fails to the one that is accepted, and none comes early', async () => {
    const endpoint = await given.receiver((_, nth) => (nth < 2 ? { status: 503, body: 'not now' } : {}));
    const [task] = given.outcomes(1, endpoint.url);
    const error = { code: 'EPIPE', message: 'no', causes: [{ name: 'TypeError', message: 'fetch failed' }] };
    const offset = await given.publish({ ...task!, outcome: 'FAILURE', result: null, error });
    const attempts = await ended(task!.task_id, 'DELIVERED');

    expect(attempts).toMatchObject([
      { attempt: 1, state: 'RETRYING', status_code: 503, answer_start: 'not now', completion_offset: offset, round: 0 },
      { attempt: 2, state: 'RETRYING', status_code: 503, error: 'the receiver answered 503' },
      { attempt: 3, state: 'DELIVERED', status_code: 200, error: null, next_attempt_at: null },
    ]);
    for (const [index, { next_attempt_at: dueMs }] of attempts.slice(0, 2).entries()) {
      expect(endpoint.requests[index + 1]!.receivedAtMs).toBeGreaterThanOrEqual(dueMs!);
      expect(dueMs! - attempts[index]!.attempted_at).toBeGreaterThanOrEqual(delaysMs[index]!);
    }
    expect(new Set(endpoint.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(endpoint.requests.map(({ body }) => body)).size).toBe(1);
    expect(endpoint.requests[2]!.json).toMatchObject({ status: 'FAILURE', error });
  });

  test('to the one after which it is given up: an event, and a dead letter with the bytes of the outcome', async () => {
    const endpoint = await given.receiver(() => ({ status: 500 }));
    const [task] = given.outcomes(1, endpoint.url);
    const offset = await given.publish(task!);
    const attempts = await ended(task!.task_id, 'FAILED');
    expect(attempts.map(({ attempt, state }) => [attempt, state])).toEqual([
      [1, 'RETRYING'],
      [2, 'RETRYING'],
      [3, 'FAILED'],
    ]);
    const key = String(task!.task_id);
    const original = (await given.records('tasks.completed')).find((record) => record.key === key)!;
    const letter = (await given.records('dead-letters.notifier')).find((record) => record.key === key)!;
    expect(letter.value).toEqual(original.value);
    expect(letter.headers).toMatchObject({
      ...original.headers,
      'dead-letter-topic': 'tasks.completed',
      'dead-letter-offset': String(offset),
    });
  });
});

describe('a retry', () => {
  test('survives the process: it is made by the next one, once, when it is due', async () => {
    const endpoint = await given.receiver((_, nth) => (nth === 0 ? { status: 503 } : {}));
    const [task] = given.outcomes(1, endpoint.url);
    await given.publish(task!);
    const [first] = await ended(task!.task_id, 'RETRYING');
    await given.notifier.kill('SIGKILL');
    await given.notifier.start();
    await endpoint.waitForCount(2, { timeoutMs: 60_000 });
    await ended(task!.task_id, 'DELIVERED');
    expect(endpoint.requests).toHaveLength(2);
    expect(endpoint.requests[1]!.receivedAtMs).toBeGreaterThanOrEqual(first!.next_attempt_at!);
  });

  test('does not hold up a younger one with a shorter delay', async () => {
    const old = await given.receiver((_, nth) => (nth < 2 ? { status: 503 } : {}));
    const young = await given.receiver((_, nth) => (nth === 0 ? { status: 503 } : {}));
    const [oldTask] = given.outcomes(1, old.url);
    await given.publish(oldTask!);
    await old.waitForCount(2);
    // The old one waits for the longer delay now.
    const tasks = given.outcomes(6, young.url);
    await Promise.all(tasks.map((task) => given.publish(task)));
    await young.waitForCount(7);
    await old.waitForCount(3);
    expect(young.requests.at(-1)!.receivedAtMs).toBeLessThan(old.requests[2]!.receivedAtMs);
  });
});

describe('a receiver that is away', () => {
  test('gets one request at a time to see, and all outcomes once it is back', async () => {
    let away = true;
    const endpoint = await given.receiver(() => (away ? { status: 503 } : {}));
    const tasks = given.outcomes(30, endpoint.url);
    await Promise.all(tasks.map((task) => given.publish(task)));
    await eventually(async () => expect(await given.metric('notifier_parked_total', 'broken')).toBeGreaterThan(20));
    expect(await given.metric('notifier_breakers_open')).toBeGreaterThanOrEqual(1);
    away = false;
    const wanted = tasks.map(({ task_id: id }) => id);
    const done = () => new Set(endpoint.requests.slice(-1_000).map(({ json }) => (json as { id: number }).id));
    await eventually(() => expect([...done()].sort((a, b) => a - b)).toEqual(wanted));
    for (const id of wanted) await ended(id, 'DELIVERED');
    expect(await given.metric('notifier_breakers_open')).toBe(0);
  });
});

describe('sent again by hand', () => {
  test('an outcome that was delivered, and one that was given up: with the same webhook-id', async () => {
    let away = true;
    const endpoint = await given.receiver(() => (away ? { status: 410 } : {}));
    const [outcome] = given.outcomes(1, endpoint.url);
    const task = { ...outcome!, include_result: false };
    const offset = await given.publish(task);
    await ended(task.task_id, 'FAILED');
    away = false;
    await given.requestRedelivery(task, offset);
    const attempts = await ended(task.task_id, 'DELIVERED');
    expect(attempts.at(-1)).toMatchObject({ attempt: 1, completion_offset: offset });
    expect(attempts.at(-1)!.round).toBeGreaterThan(0);

    await given.requestRedelivery(task, offset);
    await endpoint.waitForCount(3);
    const ids = new Set(endpoint.requests.map(({ headers, body }) => `${String(headers['webhook-id'])} ${body}`));
    expect(ids.size).toBe(1);
    expect(endpoint.requests[2]!.json).toMatchObject({ id: task.task_id, status: 'SUCCESS' });
    expect(endpoint.requests[2]!.json).not.toHaveProperty('result');
  });
});

describe('what was sent is not sent again', () => {
  test('when the group’s offsets are gone and all is read anew; what was not sent is', async () => {
    const endpoint = await given.receiver();
    const tasks = given.outcomes(60, endpoint.url);
    await Promise.all(tasks.map((task) => given.publish(task)));
    for (const { task_id: id } of tasks) await ended(id, 'DELIVERED');
    await given.notifier.stop();
    const missed = given.outcomes(5, endpoint.url);
    await Promise.all(missed.map((task) => given.publish(task)));
    await given.deleteOffsets();
    await given.notifier.start();

    await endpoint.waitForCount(65);
    for (const { task_id: id } of missed) await ended(id, 'DELIVERED');
    await eventually(async () => expect(await given.metric('kafka_consumer_in_flight', 'tasks.completed')).toBe(0));
    expect(idsOf(endpoint).sort((a, b) => a - b)).toEqual([...tasks, ...missed].map(({ task_id: id }) => id));
  });

  test('when a repeat of it comes after a restart, of whatever attempt', async () => {
    const endpoint = await given.receiver();
    const [task] = given.outcomes(1, endpoint.url);
    await given.publish(task!);
    await ended(task!.task_id, 'DELIVERED');
    await given.notifier.stop();
    await given.publish({ ...task!, event_id: 'another', attempt: 2, outcome: 'FAILURE', result: null });
    await given.notifier.start();
    const [later] = given.outcomes(1, endpoint.url);
    await given.publish(later!);
    await ended(later!.task_id, 'DELIVERED');
    await eventually(async () =>
      expect(await given.metric('notifier_repeats_skipped_total')).toBeGreaterThanOrEqual(1),
    );
    expect(idsOf(endpoint).filter((id) => id === task!.task_id)).toHaveLength(1);
  });
});
