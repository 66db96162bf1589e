import { describe, expect, test } from '@jest/globals';
import { DeadLetterError } from '@nask/kafka';
import type { TaskCompleted } from '@nask/schemas';
import { Webhook as Verifier } from 'standardwebhooks';
import { createHttpSender } from '../sending/http-sender.ts';
import { createAddressPolicy } from '../sending/address-policy.rules.ts';
import type { HostGateOptions } from '../hosts/host-gate.ts';
import { createWebhookSigner } from '../signing/webhook-signature.rules.ts';
import { webhookId } from '../sending/webhook.rules.ts';
import { completedTask, testDelivery, testGate } from '../fixtures/doubles.ts';
import { startReceiver, type Receiver } from '../fixtures/receiver.ts';
import type { DueAttempt } from './webhook-delivery.ts';

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const never = new AbortController().signal;
const nowMs: number = 1_795_000_000_000;

/** A delivery over real HTTP, at a time that stands still unless the test says otherwise. */
function deliveryWith({
  now = () => nowMs,
  gate: limits,
}: { now?: () => number; gate?: Partial<HostGateOptions> } = {}) {
  const sender = createHttpSender({
    policy: createAddressPolicy(['127.0.0.0/8']),
    resolve: () => Promise.reject(new Error('no names here')),
    userAgent: 'nask-task/0.0.0',
    timeoutMs: 60_000,
    connectTimeoutMs: 60_000,
    keepAnswerBytes: 16,
    connectionsPerOrigin: 4,
    nowMs: () => 0,
  });
  const { delivery, log, gate, memory, registry } = testDelivery({
    sender,
    signer: createWebhookSigner([secret]),
    gate: testGate(limits),
    retryPolicy: { tierDelaysMs: [5_000, 120_000], maxAttempts: 3, maxRejectedAttempts: 2 },
    maxAgeMs: 3_600_000,
    nowMs: now,
  });
  const deliver = ({ completed, ...due }: Asked, signal: AbortSignal) => delivery.deliver(completed, due, signal);
  return { deliver, log, gate, memory, registry, [Symbol.asyncDispose]: () => sender.close() };
}

type Asked = DueAttempt & { completed: TaskCompleted };

function deliveryTo(url: string, different: Partial<DueAttempt> & { attempt?: number } = {}): Asked {
  const { attempt = 1, ...rest } = different;
  return {
    id: { taskKey: '4', completionOffset: 7, round: 0, attempt },
    completed: completedTask({ notify_url: url }),
    completion: { partition: 0, offset: 7, key: '4', value: Buffer.from('v'), headers: { ce_id: 'c' }, timestampMs: 0 },
    sinceMs: nowMs,
    parked: 0,
    ...rest,
  };
}

/** A receiver that gives these answers in turn, then the last one for ever. */
function receiverAnswering(...statuses: number[]): Promise<Receiver> {
  const left = [...statuses];
  return startReceiver((response) => {
    const status = left.length > 1 ? left.shift() : left[0];
    response.writeHead(status ?? 200, status === 429 ? { 'retry-after': '7' } : {}).end(status === 200 ? '' : 'sorry');
  });
}

describe('an attempt', () => {
  test('is signed, and verified by its receiver', async () => {
    await using receiver = await receiverAnswering(200);
    await using given = deliveryWith({ now: Date.now });
    await given.deliver(deliveryTo(receiver.url, { sinceMs: Date.now() }), never);
    const [{ body, headers } = { body: '', headers: {} }] = receiver.requests;
    expect(new Verifier(secret).verify(body, headers as Record<string, string>)).toMatchObject({ id: 4, result: 541 });
  });

  test('without its result, and with the causes of its error, is signed over the body that is sent', async () => {
    await using receiver = await receiverAnswering(200);
    await using given = deliveryWith({ now: Date.now });
    const error = { code: 'EPIPE', message: 'no', causes: [{ name: 'Error', message: 'Überlauf “1”' }] };
    for (const different of [
      { include_result: false },
      { outcome: 'FAILURE', result: null, error },
    ] satisfies Partial<TaskCompleted>[]) {
      const completed = completedTask({ notify_url: receiver.url, ...different });
      await given.deliver({ ...deliveryTo(receiver.url, { sinceMs: Date.now() }), completed }, never);
    }
    const [withoutResult, failed] = receiver.requests.map(({ body, headers }) =>
      new Verifier(secret).verify(body, headers as Record<string, string>),
    );
    expect(withoutResult).toMatchObject({ id: 4, status: 'SUCCESS' });
    expect(withoutResult).not.toHaveProperty('result');
    expect(failed).toMatchObject({ status: 'FAILURE', error });
  });

  test('that is accepted is written down as delivered', async () => {
    await using receiver = await receiverAnswering(200);
    await using given = deliveryWith();
    await given.deliver(deliveryTo(receiver.url, { attempt: 2 }), never);
    expect(given.log.entries).toEqual([
      {
        what: 'attempted',
        event: {
          event_id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-8/),
          task_id: 4,
          webhook_id: webhookId(completedTask()),
          completion_offset: 7,
          round: 0,
          attempt: 2,
          state: 'DELIVERED',
          result: 'accepted',
          status_code: 200,
          duration_ms: 0,
          error: null,
          answer_start: null,
          attempted_at: nowMs,
          next_attempt_at: null,
          notifier: 'notifier-1',
        },
      },
    ]);
  });

  test.each([
    [503, 1, 1, nowMs + 5_000],
    [503, 2, 2, nowMs + 120_000],
    [429, 1, 2, nowMs + 120_000],
    [404, 1, 1, nowMs + 5_000],
  ])(
    'answered %i as the %i. waits in tier %i: first the retry is written, then that there is one',
    async (status, attempt, tier, dueMs) => {
      await using receiver = await receiverAnswering(status);
      await using given = deliveryWith();
      const delivery = deliveryTo(receiver.url, { attempt });
      await given.deliver(delivery, never);
      const details = { ...delivery.id, attempt: attempt + 1, dueMs, sinceMs: nowMs, parked: 0 };
      expect(given.log.entries).toMatchObject([
        { what: 'retry', tier, completion: delivery.completion, details },
        {
          what: 'attempted',
          event: {
            state: 'RETRYING',
            status_code: status,
            attempt,
            next_attempt_at: dueMs,
            error: `the receiver answered ${status}`,
            answer_start: 'sorry',
          },
        },
      ]);
    },
  );

  test.each([
    [503, 3],
    [404, 2],
    [410, 1],
  ])('answered %i as the %i. is given up: first the dead letter, then the event', async (status, attempt) => {
    await using receiver = await receiverAnswering(status);
    await using given = deliveryWith();
    const delivery = deliveryTo(receiver.url, { attempt });
    await given.deliver(delivery, never);
    expect(given.log.entries).toMatchObject([
      {
        what: 'given-up',
        completion: delivery.completion,
        reason: `The webhook was given up after ${attempt} attempt(s): the receiver answered ${status}`,
      },
      { what: 'attempted', event: { state: 'FAILED', attempt, status_code: status, next_attempt_at: null } },
    ]);
  });

  test('to a forbidden address is given up at once', async () => {
    await using given = deliveryWith();
    await given.deliver(deliveryTo('http://169.254.169.254/'), never);
    expect(given.log.entries).toMatchObject([
      { what: 'given-up', reason: expect.stringContaining('not allowed (linkLocal)') },
      { what: 'attempted', event: { state: 'FAILED', result: 'forbidden', status_code: null } },
    ]);
  });

  test('is remembered: it is not due again', async () => {
    await using receiver = await receiverAnswering(503, 200);
    await using given = deliveryWith();
    const delivery = deliveryTo(receiver.url);
    await given.deliver(delivery, never);
    expect(given.memory.isDue(delivery.id)).toBe(false);
    expect(given.memory.isDue({ ...delivery.id, attempt: 2 })).toBe(true);
  });

  test('whose signal fires ends with its reason, and nothing is decided', async () => {
    const asked = Promise.withResolvers<void>();
    await using receiver = await startReceiver(() => asked.resolve());
    await using given = deliveryWith();
    const stop = new AbortController();
    const delivered = given.deliver(deliveryTo(receiver.url), stop.signal);
    await asked.promise;
    stop.abort(new Error('stopped'));
    await expect(delivered).rejects.toThrow('stopped');
    expect(given.log.entries).toEqual([]);
  });
});

describe('a task', () => {
  test('without a notify_url has no webhook: nothing is sent and nothing written', async () => {
    await using given = deliveryWith();
    const completed = completedTask({ notify_url: null });
    expect(await given.deliver({ ...deliveryTo(''), completed }, never)).toBe(false);
    expect(given.log.entries).toEqual([]);
  });

  test('with an unusable notify_url is given up at once: first the dead letter, then the event', async () => {
    await using given = deliveryWith();
    expect(await given.deliver(deliveryTo('nonsense'), never)).toBe(true);
    expect(given.log.entries).toMatchObject([
      { what: 'given-up', reason: 'notify_url is not an absolute URL' },
      { what: 'attempted', event: { state: 'FAILED', result: 'unusable-url', attempt: 0 } },
    ]);
    expect(given.memory.isDue(deliveryTo('').id)).toBe(false);
  });

  test('with a result that is not JSON is a dead letter', async () => {
    await using given = deliveryWith();
    const completed = completedTask({ result: '{' });
    const delivered = given.deliver({ ...deliveryTo(''), completed }, never);
    await expect(delivered).rejects.toThrow(DeadLetterError);
    await expect(delivered).rejects.toThrow('JSON');
  });
});

describe('what has to wait for its host', () => {
  test('is put back into the shortest tier, which is no attempt', async () => {
    const asked = Promise.withResolvers<void>();
    let open = 0;
    await using receiver = await startReceiver(() => (open += 1) === 2 && asked.resolve());
    await using given = deliveryWith({ gate: { maxStillMs: 0 } });
    const stop = new AbortController();
    const hanging = [1, 2].map(() => given.deliver(deliveryTo(receiver.url), stop.signal));
    await asked.promise;
    await given.deliver(deliveryTo(receiver.url, { attempt: 2, parked: 4 }), never);
    expect(given.log.entries).toMatchObject([
      { what: 'retry', tier: 1, details: { attempt: 2, parked: 5, dueMs: nowMs + 5_000, sinceMs: nowMs } },
    ]);
    expect(await given.registry.metrics()).toContain('notifier_parked_total{why="busy"} 1');
    stop.abort(new Error('over'));
    await Promise.allSettled(hanging);
  });

  test('behind an open breaker too; after a while in the tier above', async () => {
    await using receiver = await receiverAnswering(503);
    await using given = deliveryWith({ gate: { maxFailures: 1 } });
    await given.deliver(deliveryTo(receiver.url, { attempt: 3 }), never);
    given.log.entries.length = 0;
    for (const parked of [0, 9, 10]) await given.deliver(deliveryTo(receiver.url, { attempt: 2, parked }), never);
    expect(given.log.entries).toMatchObject([
      { what: 'retry', tier: 1, details: { attempt: 2, parked: 1 } },
      { what: 'retry', tier: 1, details: { attempt: 2, parked: 10 } },
      { what: 'retry', tier: 2, details: { attempt: 2, parked: 11 } },
    ]);
    expect(receiver.requests).toHaveLength(1);
    expect(await given.registry.metrics()).toContain('notifier_breakers_open 1');
  });

  test('is given up once that has lasted too long', async () => {
    await using given = deliveryWith();
    await given.deliver(deliveryTo('http://127.0.0.1:9/', { attempt: 2, sinceMs: nowMs - 3_600_001 }), never);
    expect(given.log.entries).toMatchObject([
      { what: 'given-up', reason: expect.stringContaining('after 1 attempt(s)') },
      { what: 'attempted', event: { state: 'FAILED', attempt: 1, result: 'expired' } },
    ]);
  });
});

test('the metrics count attempts, time to delivery, retries and what was given up', async () => {
  await using receiver = await receiverAnswering(500, 200, 410);
  await using given = deliveryWith();
  for (const attempt of [1, 2, 1]) await given.deliver(deliveryTo(receiver.url, { attempt }), never);

  const metrics = await given.registry.metrics();
  expect(metrics).toContain('notifier_attempts_total{result="accepted"} 1');
  expect(metrics).toContain('notifier_attempts_total{result="unavailable"} 1');
  expect(metrics).toContain('notifier_attempts_total{result="timeout"} 0');
  expect(metrics).toContain('notifier_retries_total{tier="1"} 1');
  expect(metrics).toContain('notifier_given_up_total{result="gone"} 1');
  expect(metrics).toContain('notifier_delivery_seconds_count 1');
  expect(metrics).toContain('notifier_retries_waiting 0');
});
