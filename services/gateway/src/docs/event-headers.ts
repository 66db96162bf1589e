import type { JSONSchemaObject } from '@nask/schemas';

/** JSON Schema of the headers of an event: CloudEvents 1.0 in binary mode, and the trace context. */
export const eventHeadersSchema: JSONSchemaObject = {
  type: 'object',
  required: ['ce_specversion', 'ce_id', 'ce_type', 'ce_source', 'ce_subject', 'ce_time'],
  properties: {
    ce_specversion: { type: 'string', const: '1.0' },
    ce_id: { type: 'string', description: 'The event_id in the event: the same in every repetition of it.' },
    ce_type: { type: 'string', description: 'Name of the event.' },
    ce_source: { type: 'string', description: 'Which service wrote it.' },
    ce_subject: { type: 'string', description: 'The task id, in decimal.' },
    ce_time: { type: 'string', format: 'date-time' },
    ce_requestid: { type: 'string', description: 'X-Request-Id of the HTTP request that caused it.' },
    traceparent: { type: 'string', description: 'W3C Trace Context.' },
  },
};
