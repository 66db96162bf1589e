import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createLogger } from '@nask/service';
import { spawnService, type ServiceUnderTest } from '@nask/testkit';
import { idempotencyKeysSuite } from '../fixtures/idempotency-keys.suite.ts';
import { answerOf, openSurroundings, post, type Surroundings } from '../fixtures/surroundings.ts';
import { fingerprintOf, scopedKey } from './idempotency-key.ts';
import { createIdempotencyKeys } from './key-store.ts';

jest.setTimeout(60_000);

const logger = createLogger({ service: 'test', level: 'silent' });
const prime = { type: 'prime', payload: { input: 100 } };
let around: Surroundings;
let gateways: ServiceUnderTest[];
let keys: ReturnType<typeof createIdempotencyKeys>;

beforeAll(async () => {
  around = await openSurroundings('idempotency');
  const { MONGODB_URL: url = '', MONGODB_DATABASE: database = '' } = around.env;
  keys = createIdempotencyKeys({ url, database, timeoutMs: 10_000, logger });
  gateways = await Promise.all([spawnService('gateway', around.env), spawnService('gateway', around.env)]);
});
afterAll(async () => {
  await Promise.all([...gateways.map((gateway) => gateway.close()), keys.close()]);
  await around.close();
});

const postWith = (key: string, body: object, { url } = gateways[0]!) =>
  answerOf(post(url, body, { 'idempotency-key': key }));

const recordsOf = async (id: unknown) => (await around.requested()).filter(({ key }) => key === String(id)).length;

describe('keys in the store', () => {
  idempotencyKeysSuite(() => keys);
});

describe('a POST with an Idempotency-Key', () => {
  test('is the same task through another gateway, and is written once', async () => {
    const first = await postWith('"across"', prime);
    expect(first).toEqual([202, { id: expect.any(Number), status: 'PENDING', ...prime }]);
    expect(await postWith('across', prime, gateways[1])).toEqual(first);
    expect(await recordsOf(first[1]['id'])).toBe(1);
  });

  test('is the same task after a restart, also one without a goodbye', async () => {
    const first = await postWith('restarted', prime);
    await gateways[0]!.kill();
    await gateways[0]!.start();
    expect(await postWith('restarted', prime)).toEqual(first);
  });

  test('is refused with another body, and never anything else with the same, however many come at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => postWith('"at once"', prime, gateways[i % 2])),
    );
    const [, { id }] = await postWith('"at once"', prime);
    for (const [status, body] of answers)
      expect([202, 409]).toContain(status === 202 && body['id'] !== id ? 'another task' : status);
    expect(await recordsOf(id)).toBe(1);
    expect(await postWith('"at once"', { ...prime, payload: { input: 101 } })).toEqual([
      422,
      expect.objectContaining({ type: '/problems/idempotency-key-reused' }),
    ]);
  });

  test('whose gateway died before its event was written becomes the task that was meant, with the same id', async () => {
    const identity = { taskId: 900_000_001, eventId: '019ab6f0-3c5e-7d2a-9b1f-5a7e2c4d8e10', requestedAtMs: 1 };
    const fingerprint = fingerprintOf({
      type: 'prime',
      payloadJson: '{"input":100}',
      notifyUrl: null,
      timeoutMs: null,
      tags: [],
      includeResult: true,
      search: [],
      payloadSchemaHash: '',
    });
    const key = scopedKey('left behind', '');
    const life = { accepted: false, expiresAtMs: Date.now() + 60_000 };
    await keys.add({ key, fingerprint, ...identity, ...life, heldUntilMs: Date.now() - 1 });
    expect(await postWith('"left behind"', prime)).toEqual([202, { id: 900_000_001, status: 'PENDING', ...prime }]);
    const written = (await around.requested()).find(({ key }) => key === '900000001')!;
    expect(await around.log.codec.decode('tasks.requested', written.value)).toMatchObject({
      event_id: identity.eventId,
      requested_at: 1,
    });
  });

  test('counts for each task of a batch', async () => {
    const batch = (tasks: object[]) =>
      answerOf(
        fetch(`${gateways[0]!.url}/api/tasks/batch`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'idempotency-key': 'batch' },
          body: JSON.stringify({ tasks }),
        }),
      );
    const tasks = Array.from({ length: 50 }, () => prime);
    const first = await batch(tasks);
    expect(first[0]).toBe(200);
    expect(await batch(tasks)).toEqual(first);
    const [, { results }] = await batch([prime, { ...prime, payload: { input: 7 } }]);
    expect(results).toMatchObject([{ status: 202 }, { status: 422 }]);
  });
});
