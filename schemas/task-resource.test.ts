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
  test('before the end: the five fields of the contract, in its order, and the times that are known', () => {
    expect(JSON.stringify(taskResource(facts))).toBe(
      '{"id":4,"type":"prime","status":"PENDING","notify_url":"http://127.0.0.1:8000/","payload":{"input":100},' +
        '"created_at":"2026-11-18T11:06:40.000Z","started_at":"2026-11-18T11:06:40.012Z"}',
    );
    expect(taskResource({ ...facts, createdAtMs: null, startedAtMs: null })).toEqual({
      id: 4,
      type: 'prime',
      status: 'PENDING',
      notify_url: 'http://127.0.0.1:8000/',
      payload: { input: 100 },
    });
  });

  test('before the end: nothing of an end', () => {
    const ofTheEnd = { resultJson: '541', error: { code: 'c', message: 'm' }, completedAtMs: 1, notification: null };
    for (const status of ['PENDING', 'STARTED', 'RETRY'] as const)
      expect(taskResource({ ...facts, ...ofTheEnd, status })).toEqual(taskResource({ ...facts, status }));
  });

  test('given optional fields of the request, then those that have a value are there, in one order', () => {
    const request = {
      client: 'desk',
      tags: ['nightly'],
      search: [
        { name: '__proto__', value: 'x' },
        { name: 'customer.id', value: '17=' },
        { name: 'empty', value: '' },
      ],
      originId: 3,
      runAtMs: 1_795_000_000_000,
      expiresAtMs: 1_795_000_000_012,
      priority: -9,
      includeResult: false,
    };
    expect(JSON.stringify(taskResource({ ...facts, ...request }))).toContain(
      '"payload":{"input":100},"client":"desk","tags":["nightly"],"search":{"__proto__":"x","customer.id":"17=","empty":""},"origin_id":3,' +
        '"run_at":"2026-11-18T11:06:40.000Z","expires_at":"2026-11-18T11:06:40.012Z","priority":-9,"include_result":false,"created_at"',
    );
    const none = { client: null, tags: [], search: [], originId: null, runAtMs: null, expiresAtMs: null, priority: 0 };
    expect(taskResource({ ...facts, ...none, includeResult: true })).toEqual(taskResource(facts));
  });

  test('while it runs: its progress, where it has told any; at no other time', () => {
    expect(JSON.stringify(taskResource({ ...facts, status: 'STARTED', progress: 0.25 }))).toMatch(
      /"payload":\{"input":100\},"progress":0.25,"created_at":/,
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

  test('after a failure: the causes of the error, where there are any', () => {
    const error = { code: 'ECONNREFUSED', message: 'm', causes: [{ name: 'TypeError', message: 'fetch failed' }] };
    expect(taskResource({ ...facts, status: 'FAILURE', error }).error).toEqual(error);
    expect(taskResource({ ...facts, status: 'FAILURE', error: { ...error, causes: [] } }).error).toEqual({
      code: 'ECONNREFUSED',
      message: 'm',
    });
  });
});
