import { describe, expect, test } from '@jest/globals';
import { completedTask } from '../fixtures/completed-task.ts';
import { UnusableUrlError } from './webhook-target.ts';
import { webhookOf } from './webhook.rules.ts';

const completed = completedTask();

describe('the webhook of an outcome', () => {
  test('has the task as the API shows it, with its result', () => {
    expect(webhookOf(completed)?.body).toBe(
      '{"id":4,"type":"prime","status":"SUCCESS","notify_url":"http://127.0.0.1:8000/","payload":{"input":100},' +
        '"result":541,"created_at":"2026-11-18T11:06:40.000Z","started_at":"2026-11-18T11:06:40.012Z",' +
        '"completed_at":"2026-11-18T11:06:40.013Z"}',
    );
  });

  test('has the error of a task that failed', () => {
    const error = { code: 'unknown-task-type', message: 'No handler.' };
    const webhook = webhookOf({ ...completed, outcome: 'FAILURE', result: null, started_at: null, error });
    expect(JSON.parse(webhook?.body ?? '')).toMatchObject({ status: 'FAILURE', error });
  });

  test('keeps its id whichever attempt or executor ended the task', () => {
    const again = { ...completed, event_id: 'another', attempt: 2, executor: 'executor-2', completed_at: 1 };
    expect(webhookOf(again)?.id).toBe(webhookOf(completed)?.id);
  });

  test.each([{ task_id: 5 }, { requested_at: 1_795_000_000_001 }])('has another id for another task: %j', (other) => {
    expect(webhookOf({ ...completed, ...other })?.id).not.toBe(webhookOf(completed)?.id);
  });

  test('is none when nobody asked for one', () => {
    expect(webhookOf({ ...completed, notify_url: null })).toBeUndefined();
  });

  test('is none that could be sent when the URL is unusable or the result is not JSON', () => {
    expect(() => webhookOf({ ...completed, notify_url: 'nonsense' })).toThrow(UnusableUrlError);
    expect(() => webhookOf({ ...completed, result: '{' })).toThrow(SyntaxError);
  });
});
