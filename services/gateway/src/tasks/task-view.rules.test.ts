import { describe, expect, test } from '@jest/globals';
import type { TaskResource } from '@nask/schemas';
import { documentOfSlots } from '../fixtures/task-documents.ts';
import type { NewTask } from './new-task.rules.ts';
import { isVisible, pendingTask, viewOf as viewOfDocument } from './task-view.rules.ts';

type Slots = Parameters<typeof documentOfSlots>[0];

const viewOf = (slots: Slots): TaskResource => viewOfDocument(documentOfSlots(slots));

const requested = {
  offset: 3,
  event_id: '019ab6f0-3c5e-7d2a-9b1f-5a7e2c4d8e10',
  type: 'prime',
  payload: '{"input":100}',
  notify_url: 'http://127.0.0.1:8000/',
  requested_at: new Date(1_795_000_000_000),
};
const started = { offset: 1, event_id: 's', attempt: 1, executor: 'e', started_at: new Date(1_795_000_000_012) };
const completed = {
  offset: 1,
  event_id: 'c',
  attempt: 1,
  executor: 'e',
  outcome: 'SUCCESS' as const,
  result: '541',
  error: null,
  completed_at: new Date(1_795_000_000_013),
};

describe('the view of a document', () => {
  test.each([
    [{ _id: 4, status: 'PENDING', requested }, ''],
    [{ _id: 4, status: 'STARTED', requested, started }, ',"started_at":"2026-11-18T11:06:40.012Z"'],
    [{ _id: 4, status: 'RETRY', requested, started }, ',"started_at":"2026-11-18T11:06:40.012Z"'],
  ] as [Slots, string][])('before the end: the five fields and the times, %#', (document, startedAt) => {
    expect(JSON.stringify(viewOf(document))).toBe(
      `{"id":4,"type":"prime","status":"${document.status}","notify_url":"http://127.0.0.1:8000/","payload":{"input":100},` +
        `"created_at":"2026-11-18T11:06:40.000Z"${startedAt}}`,
    );
  });

  test('given the optional fields of a request, then it has them, whichever slot the request is in', () => {
    const request = {
      ...requested,
      client: 'desk',
      tags: ['nightly'],
      search: ['customer.id=17'],
      origin_id: 3,
      run_at: new Date(1_795_000_000_013),
      expires_at: new Date(1_795_000_000_014),
      priority: 2,
      include_result: false as const,
    };
    const expected = {
      client: 'desk',
      tags: ['nightly'],
      search: { 'customer.id': '17' },
      origin_id: 3,
      run_at: '2026-11-18T11:06:40.013Z',
      expires_at: '2026-11-18T11:06:40.014Z',
      priority: 2,
      include_result: false,
    };
    const views = [{ requested: request }, { scheduled: request }, { scheduled: request, requested: request }].map(
      (slots) => viewOf({ _id: 4, status: 'PENDING', ...slots }),
    );
    for (const view of views)
      expect(view).toEqual({ ...viewOf({ _id: 4, status: 'PENDING', requested }), ...expected });
  });

  test('after the end: the result also where the webhook does not carry it, and the causes of an error', () => {
    const quiet = { ...requested, include_result: false as const };
    expect(viewOf({ _id: 4, status: 'SUCCESS', requested: quiet, completed }).result).toBe(541);
    const error = { code: 'E', message: 'm', causes: [{ name: 'TypeError', message: 'fetch failed' }] };
    const failed = { ...completed, outcome: 'FAILURE' as const, result: null, error };
    expect(viewOf({ _id: 4, status: 'FAILURE', requested, completed: failed }).error).toEqual(error);
  });

  test('while it runs: what its latest attempt has done, not what an earlier one had', () => {
    const progressed = { offset: 1, event_id: 'p', attempt: 1, fraction: 0.5, progressed_at: new Date(0) };
    const running = { _id: 4, status: 'STARTED' as const, requested, started, progressed };
    expect(viewOf(running).progress).toBe(0.5);
    expect(viewOf({ ...running, started: { ...started, attempt: 2 } })).not.toHaveProperty('progress');
  });

  test('after success: the result and the times', () => {
    expect(JSON.stringify(viewOf({ _id: 4, status: 'SUCCESS', requested, started, completed }))).toBe(
      '{"id":4,"type":"prime","status":"SUCCESS","notify_url":"http://127.0.0.1:8000/","payload":{"input":100},"result":541,' +
        '"created_at":"2026-11-18T11:06:40.000Z","started_at":"2026-11-18T11:06:40.012Z","completed_at":"2026-11-18T11:06:40.013Z",' +
        '"notification":{"state":"PENDING","attempts":0}}',
    );
  });

  test('after failure: the error; without a start: no time of it', () => {
    const error = { code: 'unknown-task-type', message: 'No handler.' };
    const failed = { ...completed, outcome: 'FAILURE' as const, result: null, error };
    const view = viewOf({
      _id: 4,
      status: 'FAILURE',
      requested: { ...requested, notify_url: null },
      completed: failed,
    });
    expect(view).toEqual({
      id: 4,
      type: 'prime',
      status: 'FAILURE',
      payload: { input: 100 },
      error,
      created_at: '2026-11-18T11:06:40.000Z',
      completed_at: '2026-11-18T11:06:40.013Z',
      notification: { state: 'NONE', attempts: 0 },
    });
  });

  test('after an attempt at the webhook: how it stands', () => {
    const notified = {
      offset: 9,
      event_id: 'n',
      round: 0,
      state: 'RETRYING' as const,
      attempts: 2,
      last_error: 'the receiver answered 503',
      attempted_at: new Date(0),
      next_attempt_at: new Date(1_795_000_000_999),
    };
    const document = { _id: 4, status: 'SUCCESS', requested, completed } as const;
    expect(viewOf({ ...document, notified }).notification).toEqual({
      state: 'RETRYING',
      attempts: 2,
      last_error: 'the receiver answered 503',
      next_attempt_at: '2026-11-18T11:06:40.999Z',
    });
    const delivered = { ...notified, state: 'DELIVERED' as const, last_error: null, next_attempt_at: null };
    expect(viewOf({ ...document, notified: delivered }).notification).toEqual({ state: 'DELIVERED', attempts: 2 });
  });

  test('before the end: nothing of the webhook', () => {
    expect(viewOf({ _id: 4, status: 'STARTED', requested, started })).not.toHaveProperty('notification');
  });

  test('a result that was left out of the document is left out of the view', () => {
    const { result: _, ...rest } = completed;
    expect(viewOf({ _id: 4, status: 'SUCCESS', requested, completed: rest as typeof completed })).not.toHaveProperty(
      'result',
    );
  });

  test('only a document with its request is visible', () => {
    expect(isVisible(undefined)).toBe(false);
    expect(isVisible({ _id: 4, status: 'STARTED', started })).toBe(false);
    expect(isVisible({ _id: 4, status: 'ERASED' })).toBe(false);
    expect(isVisible(documentOfSlots({ _id: 4, status: 'PENDING', requested }))).toBe(true);
    expect(isVisible(documentOfSlots({ _id: 4, status: 'PENDING', scheduled: requested }))).toBe(true);
  });
});

test('the answer to a POST has the fields of the contract, whatever was posted', () => {
  const task: NewTask = {
    type: 'prime',
    payloadJson: '{"input":100}',
    notifyUrl: null,
    timeoutMs: 1,
    tags: ['nightly'],
    includeResult: false,
    search: [{ name: 'input', value: '100' }],
    payloadSchemaHash: '0'.repeat(32),
  };
  expect(JSON.stringify(pendingTask(4, task))).toBe(
    '{"id":4,"type":"prime","status":"PENDING","payload":{"input":100}}',
  );
});
