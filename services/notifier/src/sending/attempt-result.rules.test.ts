import { describe, expect, test } from '@jest/globals';
import { attemptKinds, describeResult, resultOfAnswer, type AttemptResult } from './attempt-result.rules.ts';

describe('what an answer means', () => {
  test.each([
    [200, 'accepted'],
    [204, 'accepted'],
    [299, 'accepted'],
    [300, 'rejected'],
    [301, 'rejected'],
    [307, 'rejected'],
    [400, 'rejected'],
    [404, 'rejected'],
    [408, 'rejected'],
    [410, 'gone'],
    [429, 'unavailable'],
    [500, 'unavailable'],
    [503, 'unavailable'],
    [599, 'unavailable'],
  ])('%i: %s', (status, kind) => {
    expect(resultOfAnswer({ status }, 0)).toEqual({ kind, status });
  });

  test('Retry-After counts where the receiver cannot take it now, and nowhere else', () => {
    const retryAfter = '7';
    expect(resultOfAnswer({ status: 429, retryAfter }, 0)).toMatchObject({ retryAfterMs: 7000 });
    expect(resultOfAnswer({ status: 503, retryAfter }, 0)).toMatchObject({ retryAfterMs: 7000 });
    expect(resultOfAnswer({ status: 301, retryAfter }, 0)).not.toHaveProperty('retryAfterMs');
  });

  test('each result has a description of its own', () => {
    const results: AttemptResult[] = [
      { kind: 'accepted', status: 200 },
      { kind: 'gone', status: 410 },
      { kind: 'rejected', status: 404 },
      { kind: 'unavailable', status: 503 },
      { kind: 'timeout' },
      { kind: 'unreachable', cause: 'ECONNREFUSED' },
      { kind: 'forbidden', network: 'loopback' },
    ];
    expect(results.map(({ kind }) => kind)).toEqual(attemptKinds);
    expect(new Set(results.map(describeResult)).size).toBe(results.length);
  });
});
