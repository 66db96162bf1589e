import { expect, test } from '@jest/globals';
import { traceHeader } from './trace-header.ts';

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

test('a trace context is handed on to the receiver', () => {
  expect(traceHeader({ traceparent, ce_id: 'x' })).toEqual({ traceparent });
});

test.each([undefined, '', 'abc', `${traceparent}\r\nx-evil: 1`, traceparent.toUpperCase()])('%j is not', (header) => {
  expect(traceHeader(header === undefined ? {} : { traceparent: header })).toEqual({});
});
