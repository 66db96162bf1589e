import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { ConsumedRecord } from '@nask/kafka';
import { taskResource, type TaskCompleted } from '@nask/schemas';
import { eventually, type WebhookReceiver } from '@nask/testkit';
import { Webhook } from 'standardwebhooks';
import { idsOf, startNotifier, type NotifierHarness } from './fixtures/notifier-harness.ts';

// A killed member is in the group until its session has timed out, and only then are its partitions given away.
jest.setTimeout(180_000);

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
let given: NotifierHarness;

beforeAll(async () => {
  given = await startNotifier('notifier', {
    WEBHOOK_SECRETS: secret,
    WEBHOOK_ALLOWED_NETWORKS: '127.0.0.1/32',
    NOTIFY_RETRY_DELAYS_MS: '200,300',
    NOTIFY_MAX_ATTEMPTS: '3',
    NOTIFIER_MAX_IN_FLIGHT_PER_HOST: '4',
    NOTIFIER_HOST_STILL_MS: '300',
  });
});
afterEach(() => given.closeReceivers());
afterAll(() => given.close());

/** As `idsOf`, ascending. */
const sortedIdsOf = (receiver: WebhookReceiver) => idsOf(receiver).sort((a, b) => a - b);

/** A receiver that leaves requests unanswered until `answer` is called, and then answers all. */
async function hangingReceiver(): Promise<WebhookReceiver & { answer(): void }> {
  const { promise, resolve } = Promise.withResolvers<object>();
  return { ...(await given.receiver(() => promise)), answer: () => resolve({}) };
}

describe('outcomes', () => {
  test('are delivered once each, signed, as the API shows them', async () => {
    const endpoint = await given.receiver();
    const tasks = given.outcomes(300, endpoint.url);
    await Promise.all(tasks.map((task) => given.publish(task)));
    await endpoint.waitForCount(tasks.length);

    const verifier = new Webhook(secret);
    const bodies = endpoint.requests.map(({ body, headers }) =>
      verifier.verify(body, headers as Record<string, string>),
    );
    expect(bodies.sort((a, b) => (a as { id: number }).id - (b as { id: number }).id)).toEqual(
      tasks.map((task) =>
        taskResource({
          id: task.task_id,
          type: task.type,
          status: task.outcome,
          notifyUrl: endpoint.url,
          payloadJson: task.payload,
          resultJson: task.result,
          createdAtMs: task.requested_at,
          startedAtMs: task.started_at,
          completedAtMs: task.completed_at,
        }),
      ),
    );
    expect(endpoint.requests[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^nask-task\/\d/),
    });
  });

  test('that are repeated, by the same attempt or another, are not sent again', async () => {
    const endpoint = await given.receiver();
    const tasks = given.outcomes(20, endpoint.url);
    const before = await given.metric('notifier_repeats_skipped_total');
    await Promise.all(tasks.map((task) => given.publish(task)));
    await Promise.all(tasks.map((task) => given.publish(task)));
    await Promise.all(tasks.map((task) => given.publish({ ...task, event_id: 'another', attempt: 2 })));

    await endpoint.waitForCount(tasks.length);
    await eventually(async () => expect((await given.metric('notifier_repeats_skipped_total')) - before).toBe(40));
    expect(endpoint.requests).toHaveLength(tasks.length);
  });

  test('for a receiver that hangs do not delay those for 50 others', async () => {
    const hanging = await hangingReceiver();
    await Promise.all(given.outcomes(200, hanging.url).map((task) => given.publish(task)));
    // An unknown host gets two at once.
    await hanging.waitForCount(2);

    const others = await Promise.all(Array.from({ length: 50 }, () => given.receiver()));
    await Promise.all(others.flatMap(({ url }) => given.outcomes(2, url)).map((task) => given.publish(task)));
    await Promise.all(others.map((other) => other.waitForCount(2)));
    expect(hanging.requests).toHaveLength(2);
    // What waits for it, waits in the log.
    await eventually(async () =>
      expect(await given.metric('kafka_consumer_in_flight', 'topic="tasks.completed"')).toBe(2),
    );

    hanging.answer();
    await hanging.waitForCount(200);
    expect(new Set(idsOf(hanging)).size).toBe(200);
  });

  test('without a notify_url are done', async () => {
    const endpoint = await given.receiver();
    const [silent, loud] = given.outcomes(2, endpoint.url);
    await given.publish({ ...silent!, notify_url: null });
    await given.publish(loud!);
    await endpoint.waitForCount(1);
    await eventually(async () => expect(await given.metric('kafka_consumer_in_flight')).toBe(0));
  });
});

describe('what cannot be delivered is a dead letter with its original bytes', () => {
  function deadLetterOf({ task_id: id }: TaskCompleted): Promise<ConsumedRecord> {
    return eventually(async () => {
      const letter = (await given.records('dead-letters.notifier')).find(({ key }) => key === String(id));
      if (letter === undefined) throw new Error(`no dead letter of task ${id}`);
      return letter;
    });
  }

  test.each([
    [503, 3],
    [404, 2],
    [410, 1],
  ])('an answer of %i, after %i attempts', async (status, attempts) => {
    const { url, requests } = await given.receiver(() => ({ status }));
    const [task] = given.outcomes(1, url);
    await given.publish(task!);

    const letter = await deadLetterOf(task!);
    expect(requests).toHaveLength(attempts);
    expect(new Set(requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    const original = (await given.records('tasks.completed')).find(({ key }) => key === letter.key);
    expect(letter.value).toEqual(original?.value);
    expect(letter.headers).toMatchObject({
      ce_id: task!.event_id,
      'dead-letter-topic': 'tasks.completed',
      'dead-letter-reason': `The webhook was given up after ${attempts} attempt(s): the receiver answered ${status}`,
    });
  });

  test('an address that is not allowed', async () => {
    const { url, requests } = await given.receiver();
    const [task] = given.outcomes(1, url.replace('127.0.0.1', '127.0.0.2'));
    await given.publish(task!);
    const { headers } = await deadLetterOf(task!);
    expect(headers['dead-letter-reason']).toContain('not allowed (loopback)');
    expect(requests).toEqual([]);
  });

  test('bytes that are no event, and what follows them is delivered', async () => {
    const endpoint = await given.receiver();
    const [broken, good] = given.outcomes(2, endpoint.url);
    const bytes = Buffer.from('not an event');
    await given.publishBytes(broken!, bytes);
    await given.publish(good!);
    await endpoint.waitForCount(1);
    expect((await deadLetterOf(broken!)).value).toEqual(bytes);
  });
});

describe('a notifier that ends', () => {
  test('by SIGTERM finishes what is under way, hands back the rest, and the next one delivers it', async () => {
    const hanging = await hangingReceiver();
    const tasks = given.outcomes(40, hanging.url);
    await Promise.all(tasks.map((task) => given.publish(task)));
    await hanging.waitForCount(2);

    const exit = given.notifier.exit();
    const stopped = given.notifier.stop();
    await eventually(async () => expect((await fetch(`${given.notifier.opsUrl}/readyz`)).status).toBe(503));
    hanging.answer();
    await stopped;
    expect(await exit).toMatchObject({ code: 0 });
    expect(hanging.requests).toHaveLength(2);

    await given.notifier.start();
    await hanging.waitForCount(tasks.length);
    expect(sortedIdsOf(hanging)).toEqual(tasks.map(({ task_id: id }) => id));
  });

  test('by SIGKILL loses none: each is delivered by the next one at least once, a repeat with its id', async () => {
    const endpoint = await given.receiver();
    const tasks = given.outcomes(200, endpoint.url);
    const killed = Promise.withResolvers<object>();
    // The first hundred are accepted. The others have no answer when the notifier is killed.
    endpoint.respondWith((_, nth) => (nth < 100 ? {} : killed.promise));
    await Promise.all(tasks.map((task) => given.publish(task)));
    await endpoint.waitForCount(104);
    await given.notifier.kill('SIGKILL');
    killed.resolve({});

    await given.notifier.start();
    const wanted = tasks.map(({ task_id: id }) => id);
    await eventually(() => expect([...new Set(sortedIdsOf(endpoint))]).toEqual(wanted), { timeoutMs: 60_000 });
    const webhookIds = new Set(
      endpoint.requests.map(({ headers, body }) => `${String(headers['webhook-id'])} ${body}`),
    );
    expect(webhookIds.size).toBe(tasks.length);
  });
});
