import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { webhookReceiver, type WebhookReceiver } from './webhook-receiver.ts';

let receiver: WebhookReceiver;
beforeEach(async () => {
  receiver = await webhookReceiver();
});
afterEach(() => receiver.close());

const post = (path: string, body: string) => fetch(new URL(path, receiver.url), { method: 'POST', body });

test('what arrives is recorded, with its JSON', async () => {
  expect((await post('/a?b=c', '{"id":1}')).status).toBe(200);
  expect(receiver.requests).toMatchObject([{ method: 'POST', path: '/a?b=c', body: '{"id":1}', json: { id: 1 } }]);
});

test('one can wait for a request that comes, and for one that came', async () => {
  const coming = receiver.waitFor(({ body }) => body === 'second');
  await post('/', 'first');
  await post('/', 'second');
  expect((await coming).body).toBe('second');
  expect((await receiver.waitFor(({ body }) => body === 'first')).body).toBe('first');
  expect(await receiver.waitForCount(2)).toHaveLength(2);
});

test('waiting in vain ends, and says what did arrive', async () => {
  await post('/', 'something else');
  await expect(receiver.waitForCount(2, { timeoutMs: 50 })).rejects.toThrow('something else');
});

test('the answers can be chosen request by request', async () => {
  receiver.respondWith((_, nth) => (nth === 0 ? { status: 503, headers: { 'retry-after': '1' } } : { status: 204 }));
  const first = await post('/', '1');
  expect([first.status, first.headers.get('retry-after'), (await post('/', '2')).status]).toEqual([503, '1', 204]);
});

test('it can hang up', async () => {
  receiver.respondWith(() => ({ hangUp: true }));
  await expect(post('/', '1')).rejects.toThrow('fetch failed');
  expect(receiver.requests).toHaveLength(1);
});
