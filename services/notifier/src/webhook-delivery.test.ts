import { describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { Webhook as Verifier } from 'standardwebhooks';
import { createLogger } from '@nask/service';
import { createHttpSender } from './adapters/http-sender.ts';
import { createAddressPolicy } from './domain/address-policy.ts';
import { createHostSlots } from './domain/host-slots.ts';
import { createWebhookSigner } from './domain/webhook-signature.ts';
import { webhookOf, type Webhook } from './domain/webhook.ts';
import { completedTask } from './fixtures/completed-task.ts';
import { startReceiver, type Receiver } from './fixtures/receiver.ts';
import { createNotifierMetrics } from './metrics.ts';
import { UndeliverableError } from './undeliverable-error.ts';
import { createWebhookDelivery, type Chance } from './webhook-delivery.ts';

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const never = new AbortController().signal;

/** A delivery over real HTTP whose waits are over at once, and are noted. */
function delivery(different: Partial<Chance> = {}) {
  const registry = new Registry();
  const slept: number[] = [];
  const slots = createHostSlots({ maxRunning: 8, maxRunningPerHost: 4 });
  const sender = createHttpSender({
    policy: createAddressPolicy(['127.0.0.0/8']),
    resolve: () => Promise.reject(new Error('no names here')),
    userAgent: 'nask-task/0.0.0',
    timeoutMs: 60_000,
    connectTimeoutMs: 60_000,
    maxAnswerBytes: 1024,
    connectionsPerOrigin: 4,
    maxOrigins: 8,
    now: () => 0,
  });
  const chance: Chance = {
    now: Date.now,
    random: () => 0,
    sleep: (delayMs) => {
      slept.push(delayMs);
      return Promise.resolve();
    },
    ...different,
  };
  const deliver = createWebhookDelivery({
    sender,
    signer: createWebhookSigner([secret]),
    slots,
    retryPolicy: { delaysMs: [1000, 5000], maxRejectedAttempts: 2, maxRetryAfterMs: 60_000 },
    metrics: createNotifierMetrics(registry, slots),
    logger: createLogger({ service: 'test', level: 'silent' }),
    chance,
  });
  return { deliver, slept, slots, registry, [Symbol.asyncDispose]: () => sender.close() };
}

function webhookTo({ url }: Receiver): Webhook {
  return webhookOf(completedTask({ notify_url: url }))!;
}

/** A receiver that gives these answers in turn, then the last one for ever. */
function receiverAnswering(...statuses: number[]): Promise<Receiver> {
  const left = [...statuses];
  return startReceiver((response) => {
    const status = left.length > 1 ? left.shift() : left[0];
    response.writeHead(status ?? 200, status === 429 ? { 'retry-after': '7' } : {}).end();
  });
}

describe('a webhook', () => {
  test('is signed, and verified by its receiver', async () => {
    await using receiver = await receiverAnswering(200);
    await using given = delivery();
    await given.deliver(webhookTo(receiver), never);

    const [{ body, headers } = { body: '', headers: {} }] = receiver.requests;
    expect(new Verifier(secret).verify(body, headers as Record<string, string>)).toMatchObject({
      id: 4,
      status: 'SUCCESS',
      result: 541,
    });
  });

  test('keeps its id and body over all attempts, each with its own timestamp', async () => {
    let nowMs = Date.now();
    await using receiver = await receiverAnswering(500, 503, 200);
    await using given = delivery({ now: () => (nowMs += 1000) });
    await given.deliver(webhookTo(receiver), never);

    expect(receiver.requests).toHaveLength(3);
    const distinct = (part: (request: (typeof receiver.requests)[number]) => unknown) =>
      new Set(receiver.requests.map(part)).size;
    expect(distinct(({ headers }) => headers['webhook-id'])).toBe(1);
    expect(distinct(({ body }) => body)).toBe(1);
    expect(distinct(({ headers }) => headers['webhook-timestamp'])).toBe(3);
    expect(distinct(({ headers }) => headers['webhook-signature'])).toBe(3);
  });

  test.each([
    [[200], []],
    [[500, 200], [1000]],
    [[429, 200], [7000]],
    [
      [500, 503, 200],
      [1000, 5000],
    ],
  ])('answered %j is delivered after waits of %j ms', async (statuses, waits) => {
    await using receiver = await receiverAnswering(...statuses);
    await using given = delivery();
    await given.deliver(webhookTo(receiver), never);
    expect(receiver.requests).toHaveLength(statuses.length);
    expect(given.slept).toEqual(waits);
  });

  test.each([
    [[500, 502, 503], [1000, 5000], '3 attempt(s): the receiver answered 503'],
    [[404, 404], [1000], '2 attempt(s): the receiver answered 404'],
    [[410], [], '1 attempt(s): the receiver answered 410'],
  ])('answered %j is given up after waits of %j ms', async (statuses, waits, givenUp) => {
    await using receiver = await receiverAnswering(...statuses);
    await using given = delivery();
    const delivered = given.deliver(webhookTo(receiver), never);
    await expect(delivered).rejects.toEqual(new UndeliverableError(`The webhook was given up after ${givenUp}`));
    expect(receiver.requests).toHaveLength(statuses.length);
    expect(given.slept).toEqual(waits);
  });

  test('to a forbidden address is given up at once', async () => {
    await using given = delivery();
    const webhook = webhookOf(completedTask({ notify_url: 'http://169.254.169.254/' }))!;
    await expect(given.deliver(webhook, never)).rejects.toThrow('not allowed (linkLocal)');
  });

  test('waits for its next attempt without a slot', async () => {
    const waiting = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    await using receiver = await receiverAnswering(500, 200);
    await using given = delivery({
      sleep: () => {
        waiting.resolve();
        return goOn.promise;
      },
    });
    const delivered = given.deliver(webhookTo(receiver), never);
    await waiting.promise;
    expect(given.slots.running()).toBe(0);
    goOn.resolve();
    await delivered;
  });

  test('whose signal fires ends with its reason and decides nothing', async () => {
    const asked = Promise.withResolvers<void>();
    await using receiver = await startReceiver(() => asked.resolve());
    await using given = delivery();
    const stop = new AbortController();
    const delivered = given.deliver(webhookTo(receiver), stop.signal);
    await asked.promise;
    stop.abort(new Error('stopped'));
    await expect(delivered).rejects.toThrow('stopped');
    expect(await given.registry.metrics()).not.toMatch(/given_up_total{/);
  });
});

test('receivers that do not answer take their own slots and nobody else’s', async () => {
  const hanging = new Set<() => void>();
  await using slow = await startReceiver((response) => hanging.add(() => response.end()));
  await using fast = await receiverAnswering(200);
  await using given = delivery();

  const toSlow = Array.from({ length: 100 }, () => given.deliver(webhookTo(slow), never));
  await Promise.all(Array.from({ length: 50 }, () => given.deliver(webhookTo(fast), never)));
  expect(fast.requests).toHaveLength(50);
  expect(given.slots.running()).toBeLessThanOrEqual(4);

  const all = Promise.all(toSlow);
  const answering = setInterval(() => {
    for (const answer of hanging) answer();
    hanging.clear();
  }, 1);
  await all;
  clearInterval(answering);
  expect(slow.requests).toHaveLength(100);
});

test('the metrics count attempts, time to delivery and what was given up', async () => {
  await using receiver = await receiverAnswering(500, 200, 410);
  await using given = delivery();
  await given.deliver(webhookTo(receiver), never);
  await expect(given.deliver(webhookTo(receiver), never)).rejects.toThrow(UndeliverableError);

  const metrics = await given.registry.metrics();
  expect(metrics).toContain('notifier_attempts_total{result="accepted"} 1');
  expect(metrics).toContain('notifier_attempts_total{result="unavailable"} 1');
  expect(metrics).toContain('notifier_attempts_total{result="timeout"} 0');
  expect(metrics).toContain('notifier_given_up_total{result="gone"} 1');
  expect(metrics).toContain('notifier_delivery_seconds_count 1');
});
