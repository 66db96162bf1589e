import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { dueMs, RetryHeadersError, retryDetails, retryHeaders, withoutRetryHeaders } from './retry-headers.ts';

const details = { attempt: 2, round: 0, completionOffset: 17, dueMs: 1_795_000_000_000, sinceMs: 1, parked: 3 };

test('what a retry says of itself comes back, beside the headers of the completion', () => {
  const natural = fc.nat({ max: Number.MAX_SAFE_INTEGER });
  const any = fc.record({
    attempt: natural,
    round: natural,
    completionOffset: natural,
    dueMs: natural,
    sinceMs: natural,
    parked: natural,
  });
  fc.assert(
    fc.property(any, (one) => {
      const headers = { ce_id: 'x', traceparent: 'y', ...retryHeaders(one) };
      expect(retryDetails(headers)).toEqual(one);
      expect(dueMs(headers, one.dueMs)).toBe(one.dueMs);
      expect(dueMs(headers, one.dueMs - 1)).toBe(one.dueMs - 1);
      expect(withoutRetryHeaders(headers)).toEqual({ ce_id: 'x', traceparent: 'y' });
    }),
  );
});

test.each(Object.keys(retryHeaders(details)))('without %s, or with nonsense in it, it is refused by name', (name) => {
  for (const text of [undefined, '', '-1', '1.5', 'x'])
    expect(() => retryDetails({ ...retryHeaders(details), [name]: text! })).toThrow(RetryHeadersError);
  expect(() => retryDetails({ ...retryHeaders(details), [name]: 'x' })).toThrow(name);
});

test('a record that does not say when is due now', () => {
  expect(dueMs({}, 1)).toBe(0);
});
