import { describe, expect, test } from '@jest/globals';
import { taskResource, type TaskFacts } from './index.ts';

const facts: TaskFacts = {
  id: 4,
  type: 'prime',
  status: 'PENDING',
  notifyUrl: 'http://127.0.0.1:8000/',
  payloadJson: '{"input":100}',
  createdAtMs: 1_795_000_000_000,
  startedAtMs: 1_795_000_000_012,
};

describe('a task as clients see it', () => {
  test('before the end: the five fields of the contract, in its order', () => {
    expect(JSON.stringify(taskResource(facts))).toBe(
      '{"id":4,"type":"prime","status":"PENDING","notify_url":"http://127.0.0.1:8000/","payload":{"input":100}}',
    );
  });

  test('while it runs: its progress, where it has told any; at no other time', () => {
    expect(JSON.stringify(taskResource({ ...facts, status: 'STARTED', progress: 0.25 }))).toMatch(
      /"payload":\{"input":100\},"progress":0.25\}$/,
    );
    expect(taskResource({ ...facts, status: 'STARTED', progress: null })).not.toHaveProperty('progress');
    for (const status of ['PENDING', 'RETRY', 'SUCCESS', 'REVOKED'] as const)
      expect(taskResource({ ...facts, status, progress: 0.25 })).not.toHaveProperty('progress');
  });

  test('without a webhook: no notify_url', () => {
    expect(taskResource({ ...facts, notifyUrl: null })).not.toHaveProperty('notify_url');
  });

  test('after the end: the result and the times', () => {
    const ended = taskResource({ ...facts, status: 'SUCCESS', resultJson: '541', completedAtMs: 1_795_000_000_013 });
    expect(ended).toMatchObject({
      result: 541,
      created_at: '2026-11-18T11:06:40.000Z',
      started_at: '2026-11-18T11:06:40.012Z',
      completed_at: '2026-11-18T11:06:40.013Z',
    });
    expect(ended).not.toHaveProperty('error');
  });

  test('after a failure: the error', () => {
    const error = { code: 'unknown-task-type', message: 'No handler for the task type resize-image.' };
    const ended = taskResource({ ...facts, status: 'FAILURE', error, startedAtMs: null, completedAtMs: 1 });
    expect(ended.error).toEqual(error);
    expect(ended).not.toHaveProperty('result');
    expect(ended).not.toHaveProperty('started_at');
  });
});
