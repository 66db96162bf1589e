import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  attemptKinds,
  describeResult,
  resultOfAnswer,
  retryAfterMs,
  type AttemptResult,
} from './attempt-result.rules.ts';

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

describe('the header Retry-After', () => {
  const nowMs = Date.parse('2026-11-24T18:00:00Z');

  test.each([
    ['0', 0],
    ['120', 120_000],
    [' 5 ', 5000],
    ['Tue, 24 Nov 2026 18:00:30 GMT', 30_000],
    ['Tue, 24 Nov 2026 17:59:00 GMT', 0],
  ])('Retry-After: %s is %i ms', (header, ms) => {
    expect(retryAfterMs(header, nowMs)).toBe(ms);
  });

  test.each([undefined, '', '-5', '1.5', 'soon', '2026-11-24', 'Tue, 99 Nov 2026 18:00:30 GMT', '99999999999'])(
    'Retry-After: %s makes no sense and counts as none',
    (header) => {
      expect(retryAfterMs(header, nowMs)).toBeUndefined();
    },
  );

  test('a date gives the time that is left until it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seconds) => {
        const header = new Date(nowMs + seconds * 1000).toUTCString();
        expect(retryAfterMs(header, nowMs)).toBe(seconds * 1000);
      }),
    );
  });
});
