import type { Tracing } from './span.ts';

interface TracedRecord {
  topic: string;
  partition: number;
  offset: number;
  key: string | null;
  headers: Record<string, string>;
}

/**
 * A handler of records whose work is a span of the trace that the record's headers name; the record that it gets names
 * that span, so that what it writes is part of the trace as well. Off: the handler itself.
 */
export function tracedHandler<Record extends TracedRecord, Context, Result>(
  tracing: Tracing,
  name: string,
  handle: (record: Record, context: Context) => Promise<Result>,
): (record: Record, context: Context) => Promise<Result> {
  if (!tracing.isOn) return handle;
  return (record, context) => {
    const attributes = {
      'messaging.system': 'kafka',
      'messaging.destination.name': record.topic,
      'messaging.destination.partition.id': String(record.partition),
      'messaging.kafka.offset': record.offset,
      'nask.task_id': record.key ?? '',
    };
    const { traceparent: cause } = record.headers;
    return tracing.span({ name, kind: 'consumer', traceparent: cause, attributes }, (traceparent) => {
      const headers = traceparent === undefined ? record.headers : { ...record.headers, traceparent };
      return handle({ ...record, headers }, context);
    });
  };
}
