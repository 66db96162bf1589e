import { describe, expect, test } from '@jest/globals';
import { usableRequestId, validTraceparent } from './observe.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentId = '00f067aa0ba902b7';

describe('what a client sends to follow its request', () => {
  test.each([`00-${traceId}-${parentId}-01`, `cc-${traceId}-${parentId}-00-what-comes-later`])(
    'the traceparent %s is passed on',
    (header) => {
      expect(validTraceparent(header)).toBe(header);
    },
  );

  test.each([
    undefined,
    '',
    `00-${traceId}-${parentId}`,
    `00-${traceId}-${parentId}-01-more`,
    `00-${traceId.toUpperCase()}-${parentId}-01`,
    `ff-${traceId}-${parentId}-01`,
    `00-${'0'.repeat(32)}-${parentId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `cc-${traceId}-${parentId}-00-${'x'.repeat(100)}`,
  ])('the traceparent %s is not', (header) => {
    expect(validTraceparent(header)).toBeUndefined();
  });

  test.each(['a', 'req-1:2.3_4~5', 'x'.repeat(64)])('the request id %s is taken', (header) => {
    expect(usableRequestId(header)).toBe(header);
  });

  test.each([undefined, '', 'x'.repeat(65), 'a b', 'a\nb', '<script>', 'ä'])('the request id %j is not', (header) => {
    expect(usableRequestId(header)).toBeUndefined();
  });
});
