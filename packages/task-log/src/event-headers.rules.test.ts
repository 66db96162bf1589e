import { describe, expect, test } from '@jest/globals';
import { eventHeaders } from './event-headers.rules.ts';

const attributes = { id: 'e1', type: 'TaskStarted', source: '/nask/executor', subject: '7', timeMs: 1_700_000_000_123 };

describe('the headers of an event', () => {
  test('are CloudEvents attributes in binary mode', () => {
    expect(eventHeaders(attributes)).toEqual({
      ce_specversion: '1.0',
      ce_id: 'e1',
      ce_type: 'TaskStarted',
      ce_source: '/nask/executor',
      ce_subject: '7',
      ce_time: '2023-11-14T22:13:20.123Z',
    });
  });

  test('name the request that caused it', () => {
    expect(eventHeaders({ ...attributes, requestId: 'req-1' })).toMatchObject({ ce_requestid: 'req-1' });
    expect(eventHeaders(attributes)).not.toHaveProperty('ce_requestid');
  });

  test('carry the trace on', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    expect(eventHeaders({ ...attributes, traceparent })).toMatchObject({ traceparent });
  });
});
