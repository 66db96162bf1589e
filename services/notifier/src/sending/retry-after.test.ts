import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { retryAfterMs } from './retry-after.ts';

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
