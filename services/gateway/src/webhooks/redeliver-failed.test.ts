import { describe, expect, test } from '@jest/globals';
import { OutcomeTooLargeError, UnavailableError } from '../errors.ts';
import { documentOf } from '../fixtures/api-under-test.ts';
import { createFailedRedeliverer, redeliverySelection } from './redeliver-failed.ts';

const correlation = { requestId: 'r', traceparent: undefined, client: null };
const selection = { fromMs: 0, toMs: 1, state: 'FAILED' as const, afterId: 0 };

/** A read model with so many tasks, and the ids that were asked for. */
function portsWith(count: number, asked: number[] = []) {
  return {
    asked,
    failed: async ({ afterId }: { afterId: number }, limit: number) =>
      Array.from({ length: Math.max(0, Math.min(limit, count - afterId)) }, (_, n) => documentOf(afterId + 1 + n)),
    redeliver: async ({ _id }: { _id: number }) => void asked.push(_id),
    maxTasks: 1_000,
  };
}

describe('sending all again that was given up', () => {
  test.each([0, 1, 99, 100, 101, 250])('asks for each of %i once', async (count) => {
    const ports = portsWith(count);
    const signal = new AbortController().signal;
    expect(await createFailedRedeliverer(ports)(selection, correlation, signal)).toEqual({ requested: count });
    expect(ports.asked).toEqual(Array.from({ length: count }, (_, n) => n + 1));
  });

  test('stops at the limit and says where to go on', async () => {
    const ports = portsWith(250);
    const { signal } = new AbortController();
    const first = await createFailedRedeliverer({ ...ports, maxTasks: 120 })(selection, correlation, signal);
    expect(first).toEqual({ requested: 120, cursor: expect.any(String) });
    const body = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z', state: 'FAILED', cursor: first.cursor };
    const rest = await createFailedRedeliverer(ports)(redeliverySelection(body), correlation, signal);
    expect(rest).toEqual({ requested: 130 });
    expect(new Set(ports.asked).size).toBe(250);
  });

  test('leaves out what is too large, and goes on with the rest', async () => {
    const ports = portsWith(250);
    const redeliver: typeof ports.redeliver = async (document) => {
      if (document._id % 100 === 7) throw new OutcomeTooLargeError('too large');
      return ports.redeliver(document);
    };
    const { signal } = new AbortController();
    const answer = await createFailedRedeliverer({ ...ports, redeliver })(selection, correlation, signal);
    expect(answer).toEqual({ requested: 247 });
    expect(ports.asked).toHaveLength(247);
  });

  test('fails when Kafka does not take one', async () => {
    const redeliver = async () => Promise.reject(new UnavailableError('REDELIVERY_UNCERTAIN', 'Not now.'));
    const { signal } = new AbortController();
    const answer = createFailedRedeliverer({ ...portsWith(3), redeliver })(selection, correlation, signal);
    await expect(answer).rejects.toThrow('Not now.');
  });

  test('stops when its time is over', async () => {
    const over = new AbortController();
    const ports = portsWith(1_000);
    const failed: typeof ports.failed = async (...args) => {
      over.abort();
      return ports.failed(...args);
    };
    const answer = await createFailedRedeliverer({ ...ports, failed })(selection, correlation, over.signal);
    expect(answer).toEqual({ requested: 100, cursor: expect.any(String) });
  });
});

describe('what is to be sent again', () => {
  const good = { from: '2026-11-24T18:30:00Z', to: '2026-11-24T20:30:00.5+01:00', state: 'FAILED' };

  test('is a span of time', () => {
    expect(redeliverySelection(good)).toEqual({
      fromMs: Date.UTC(2026, 10, 24, 18, 30),
      toMs: Date.UTC(2026, 10, 24, 19, 30, 0, 500),
      state: 'FAILED',
      afterId: 0,
    });
  });

  test.each([
    [{ ...good, state: 'DELIVERED' }, '/state must be one of: FAILED'],
    [{ ...good, from: 'yesterday' }, '/from must be a time from 1970 on as in RFC 3339'],
    [{ ...good, from: '2026-13-24T18:30:00Z' }, '/from must be a time from 1970 on as in RFC 3339'],
    [{ ...good, from: '1969-12-31T23:59:59Z' }, '/from must be a time from 1970 on as in RFC 3339'],
    [{ ...good, to: '2026-11-24T18:29:59Z' }, '/to must not be before /from'],
    [{ ...good, cursor: 'x' }, '/cursor must be as it stands in the last answer'],
    [{ to: good.to, state: 'FAILED' }, '/from is required'],
    [{ ...good, all: true }, '/all is not a known field'],
    [[], 'must be object'],
  ])('%j is refused: %s', (body, fault) => {
    expect(() => redeliverySelection(body)).toThrow(fault);
  });
});
