import { describe, expect, test } from '@jest/globals';
import { eventWithDefaults } from '@nask/schemas';
import { createLogger } from '@nask/service';
import { failureOf } from '../lanes/run-result.rules.ts';
import { createTaskObserver } from './task-observer.ts';

const metrics = { started() {}, completed() {}, attemptFailed() {}, deferred() {}, handedBack() {}, skipped() {} };
const request = (type: string, id = 1) =>
  eventWithDefaults('TaskRequested', { event_id: 'e', task_id: id, type, payload: '{}', requested_at: 0 });
const failureFrom = (thrown: unknown) => {
  const result = failureOf(thrown);
  if (result.outcome !== 'FAILURE') throw new Error('a throw is a failure');
  return result;
};

function observed(types: string[]) {
  const clock = { nowMs: 0 };
  const text: string[] = [];
  const logger = createLogger({
    service: 'test',
    level: 'info',
    format: 'json',
    destination: { write: (line) => void text.push(line) },
  });
  const lines = () => text.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { clock, lines, observer: createTaskObserver(metrics, logger, new Set(types), () => clock.nowMs) };
}

describe('the log of failed tasks', () => {
  test('has type, id, attempt, code, message, stack and causes of FAILURE and RETRY, and nothing of SUCCESS', () => {
    const { observer, lines } = observed(['page-size']);
    const failed = failureFrom(new TypeError('fetch failed', { cause: new Error('getaddrinfo ENOTFOUND nowhere') }));
    observer.attemptFailed(request('page-size'), 1, failed);
    observer.ended(request('page-size'), failed, { attempt: 2, durationMs: 5 });
    observer.ended(request('page-size'), { outcome: 'SUCCESS', result: '1' }, { attempt: 1, durationMs: 5 });
    const err = { code: 'handler-failed', message: 'fetch failed', stack: expect.stringContaining('ENOTFOUND') };
    expect(lines()).toEqual([
      expect.objectContaining({ level: 'warn', task_type: 'page-size', task_id: 1, attempt: 1, err }),
      expect.objectContaining({ level: 'warn', task_type: 'page-size', task_id: 1, attempt: 2, err }),
    ]);
  });

  test('shows no credentials of URLs, wherever a text is cut', () => {
    const { observer, lines } = observed(['page-size']);
    const url = 'https://user:hunter2@host/?api_key=swordfish';
    for (const position of [980, 985, 990, 2_000, 2_975, 2_990])
      observer.ended(
        request('page-size'),
        failureFrom(new Error(`${'x '.repeat(position / 2)}${url}`, { cause: new Error(url) })),
        { attempt: 1, durationMs: 5 },
      );
    expect(lines()).toHaveLength(6);
    expect(JSON.stringify(lines())).toContain('https://***@host');
    expect(JSON.stringify(lines())).not.toMatch(/hunter|sword/);
  });

  test('is limited by type, and says how many lines were left out', () => {
    const { observer, lines, clock } = observed(['busy', 'quiet']);
    const fail = (type: string, id: number) =>
      observer.ended(request(type, id), failureFrom(new Error('x')), { attempt: 1, durationMs: 1 });
    for (let id = 1; id <= 500; id++) fail('busy', id);
    fail('quiet', 501);
    expect(lines().map(({ task_id }) => task_id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 501]);
    clock.nowMs = 1_000;
    fail('busy', 502);
    expect(lines().at(-1)).toMatchObject({ task_id: 502, suppressed: 490 });
  });

  test('has a limit for each known type, and one for all unknown types beyond the first 20', () => {
    const { observer, lines } = observed(['prime']);
    for (let id = 1; id <= 1_000; id++)
      observer.ended(request(`made-up-${id}`, id), failureFrom(new Error('x')), { attempt: 0, durationMs: null });
    expect(lines()).toHaveLength(30);
    observer.ended(request('prime'), failureFrom(new Error('x')), { attempt: 1, durationMs: 1 });
    expect(lines()).toHaveLength(31);
  });
});
