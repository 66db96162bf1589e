import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { connectKafka, createParallelConsumer, createProducer, type ConsumedRecord } from '@nask/kafka';
import { applyContract, createEventCodec, eventHeaders } from '@nask/task-log';
import { taskResource, type TaskCompleted } from '@nask/schemas';
import {
  eventually,
  isolate,
  serviceEnv,
  spawnService,
  testServers,
  webhookReceiver,
  type ServiceUnderTest,
  type WebhookReceiver,
} from '@nask/testkit';
import { createLogger } from '@nask/service';
import { Webhook } from 'standardwebhooks';
import { completedTask } from './fixtures/doubles.ts';

// A killed member is in the group until its session has timed out, and only then are its partitions given away.
jest.setTimeout(180_000);

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const isolation = isolate('notifier');
const { registryUrl, brokers } = testServers();
const { topicPrefix } = isolation;
const logger = createLogger({ service: 'test', level: 'silent' });
const connection = connectKafka({ brokers, clientId: 'notifier-test', topicPrefix, logger });
const producer = createProducer({ connection, logger });
const codec = createEventCodec({ registryUrl, topicPrefix, logger });

const deadLetters: ConsumedRecord[] = [];
const deadLetterReader = createParallelConsumer({
  connection,
  groupId: `${topicPrefix}dead-letter-reader`,
  topics: ['dead-letters.notifier'],
  handler: (record) => {
    deadLetters.push(record);
    return Promise.resolve();
  },
  logger,
});

let notifier: ServiceUnderTest;
const receivers: WebhookReceiver[] = [];

beforeAll(async () => {
  const topics = { partitions: 4, replicationFactor: 1, documentRetentionDays: 1 };
  await applyContract({ connection, registryUrl, topics, logger });
  await Promise.all([producer.start(), codec.start(), deadLetterReader.start()]);
  notifier = await spawnService('notifier', {
    ...serviceEnv(isolation),
    WEBHOOK_SECRETS: secret,
    WEBHOOK_ALLOWED_NETWORKS: '127.0.0.1/32',
    NOTIFY_RETRY_DELAYS_MS: '200,300',
    NOTIFY_MAX_ATTEMPTS: '3',
    NOTIFIER_MAX_IN_FLIGHT_PER_HOST: '4',
    NOTIFIER_HOST_STILL_MS: '300',
    KAFKA_SESSION_TIMEOUT_MS: '6000',
  });
});

afterEach(async () => {
  await Promise.all(receivers.splice(0).map((receiver) => receiver.close()));
});

afterAll(async () => {
  await notifier.close();
  await Promise.all([deadLetterReader.stop(), producer.stop()]);
});

async function receiver(...args: Parameters<typeof webhookReceiver>): Promise<WebhookReceiver> {
  const started = await webhookReceiver(...args);
  receivers.push(started);
  return started;
}

let lastTaskId = 0;

function completions(count: number, notifyUrl: string): TaskCompleted[] {
  return Array.from({ length: count }, () => completedTask({ task_id: (lastTaskId += 1), notify_url: notifyUrl }));
}

function publish(completed: TaskCompleted, value = codec.encode('tasks.completed', completed)) {
  const subject = String(completed.task_id);
  const event = { id: completed.event_id, type: 'TaskCompleted', source: '/nask/executor', subject, timeMs: 0 };
  return producer.send({ topic: 'tasks.completed', key: subject, value, headers: eventHeaders(event) });
}

/** The tasks that it was told of, ascending, repeats included. */
function idsOf({ requests }: WebhookReceiver): number[] {
  return requests.map(({ json }) => (json as { id: number }).id).sort((a, b) => a - b);
}

async function metric(name: string, label = ''): Promise<number> {
  const response = await fetch(`${notifier.opsUrl}/metrics`);
  const line = (await response.text()).split('\n').find((text) => text.startsWith(name) && text.includes(label));
  return Number(line?.split(' ').at(-1));
}

/** A receiver that answers nobody until it is told to, and then everybody. */
async function hangingReceiver(): Promise<WebhookReceiver & { answer(): void }> {
  const { promise, resolve } = Promise.withResolvers<object>();
  return { ...(await receiver(() => promise)), answer: () => resolve({}) };
}

describe('outcomes', () => {
  test('are delivered once each, signed, as the API shows them', async () => {
    const told = await receiver();
    const tasks = completions(300, told.url);
    await Promise.all(tasks.map((task) => publish(task)));
    await told.waitForCount(tasks.length);

    const verifier = new Webhook(secret);
    const bodies = told.requests.map(({ body, headers }) => verifier.verify(body, headers as Record<string, string>));
    expect(bodies.sort((a, b) => (a as { id: number }).id - (b as { id: number }).id)).toEqual(
      tasks.map((task) =>
        taskResource({
          id: task.task_id,
          type: task.type,
          status: task.outcome,
          notifyUrl: told.url,
          payloadJson: task.payload,
          resultJson: task.result,
          createdAtMs: task.requested_at,
          startedAtMs: task.started_at,
          completedAtMs: task.completed_at,
        }),
      ),
    );
    expect(told.requests[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^nask-task\/\d/),
    });
  });

  test('that are repeated, by the same attempt or another, are not sent again', async () => {
    const told = await receiver();
    const tasks = completions(20, told.url);
    const before = await metric('notifier_repeats_skipped_total');
    await Promise.all(tasks.map((task) => publish(task)));
    await Promise.all(tasks.map((task) => publish(task)));
    await Promise.all(tasks.map((task) => publish({ ...task, event_id: 'another', attempt: 2 })));

    await told.waitForCount(tasks.length);
    await eventually(async () => expect((await metric('notifier_repeats_skipped_total')) - before).toBe(40));
    expect(told.requests).toHaveLength(tasks.length);
  });

  test('for a receiver that hangs do not delay those for 50 others', async () => {
    const hanging = await hangingReceiver();
    await Promise.all(completions(200, hanging.url).map((task) => publish(task)));
    // An unknown host gets two at once.
    await hanging.waitForCount(2);

    const others = await Promise.all(Array.from({ length: 50 }, () => receiver()));
    await Promise.all(others.flatMap(({ url }) => completions(2, url)).map((task) => publish(task)));
    await Promise.all(others.map((other) => other.waitForCount(2)));
    expect(hanging.requests).toHaveLength(2);
    // What waits for it, waits in the log.
    await eventually(async () => expect(await metric('kafka_consumer_in_flight', 'topic="tasks.completed"')).toBe(2));

    hanging.answer();
    await hanging.waitForCount(200);
    expect(new Set(idsOf(hanging)).size).toBe(200);
  });

  test('without a notify_url are done', async () => {
    const told = await receiver();
    const [silent, loud] = completions(2, told.url);
    await publish({ ...silent!, notify_url: null });
    await publish(loud!);
    await told.waitForCount(1);
    await eventually(async () => expect(await metric('kafka_consumer_in_flight')).toBe(0));
  });
});

describe('what cannot be delivered is a dead letter with its original bytes', () => {
  async function deadLetterOf(completed: TaskCompleted): Promise<ConsumedRecord> {
    return eventually(() => {
      const letter = deadLetters.find(({ key }) => key === String(completed.task_id));
      if (letter === undefined) throw new Error(`no dead letter of task ${completed.task_id}`);
      return letter;
    });
  }

  test.each([
    [503, 3],
    [404, 2],
    [410, 1],
  ])('an answer of %i, after %i attempts', async (status, attempts) => {
    const { url, requests } = await receiver(() => ({ status }));
    const [task] = completions(1, url);
    await publish(task!);

    const letter = await deadLetterOf(task!);
    expect(requests).toHaveLength(attempts);
    expect(new Set(requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(await codec.decode('tasks.completed', letter.value)).toEqual(task);
    expect(letter.headers).toMatchObject({
      ce_id: task!.event_id,
      'dead-letter-topic': 'tasks.completed',
      'dead-letter-reason': `The webhook was given up after ${attempts} attempt(s): the receiver answered ${status}`,
    });
  });

  test('an address that is not allowed', async () => {
    const { url, requests } = await receiver();
    const [task] = completions(1, url.replace('127.0.0.1', '127.0.0.2'));
    await publish(task!);
    const { headers } = await deadLetterOf(task!);
    expect(headers['dead-letter-reason']).toContain('not allowed (loopback)');
    expect(requests).toEqual([]);
  });

  test('bytes that are no event, and what follows them is delivered', async () => {
    const told = await receiver();
    const [broken, good] = completions(2, told.url);
    const bytes = Buffer.from('not an event');
    await publish(broken!, bytes);
    await publish(good!);
    await told.waitForCount(1);
    expect((await deadLetterOf(broken!)).value).toEqual(bytes);
  });
});

describe('a notifier that ends', () => {
  test('by SIGTERM finishes what is under way, hands back the rest, and the next one delivers it', async () => {
    const hanging = await hangingReceiver();
    const tasks = completions(40, hanging.url);
    await Promise.all(tasks.map((task) => publish(task)));
    await hanging.waitForCount(2);

    const exit = notifier.exit();
    const stopped = notifier.stop();
    await eventually(async () => expect((await fetch(`${notifier.opsUrl}/readyz`)).status).toBe(503));
    hanging.answer();
    await stopped;
    expect(await exit).toMatchObject({ code: 0 });
    expect(hanging.requests).toHaveLength(2);

    await notifier.start();
    await hanging.waitForCount(tasks.length);
    expect(idsOf(hanging)).toEqual(tasks.map(({ task_id: id }) => id));
  });

  test('by SIGKILL loses none: each is delivered by the next one at least once, a repeat with its id', async () => {
    const told = await receiver();
    const tasks = completions(200, told.url);
    const killed = Promise.withResolvers<object>();
    // The first hundred are accepted. The others have no answer when the notifier is killed.
    told.respondWith((_, nth) => (nth < 100 ? {} : killed.promise));
    await Promise.all(tasks.map((task) => publish(task)));
    await told.waitForCount(104);
    await notifier.kill('SIGKILL');
    killed.resolve({});

    await notifier.start();
    const wanted = tasks.map(({ task_id: id }) => id);
    await eventually(() => expect([...new Set(idsOf(told))]).toEqual(wanted), { timeoutMs: 60_000 });
    const webhookIds = new Set(told.requests.map(({ headers, body }) => `${String(headers['webhook-id'])} ${body}`));
    expect(webhookIds.size).toBe(tasks.length);
  });
});
