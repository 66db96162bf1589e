interface CloudEventAttributes {
  /** Unique for the source: the event's id. */
  id: string;
  /** The kind of event, e.g. TaskRequested. */
  type: string;
  /** Which process says it, a URI reference, e.g. /nask/gateway. */
  source: string;
  /** What it is about: the task's id. */
  subject: string;
  /** When it happened, in milliseconds since 1970-01-01T00:00:00Z. */
  timeMs: number;
  /** Of the HTTP request that caused the event: an extension attribute. */
  requestId?: string;
  /** W3C trace context, passed on from the request that caused the event. */
  traceparent?: string;
}

/**
 * The headers of an event: CloudEvents 1.0 attributes in binary mode, and the trace context.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
 */
export function eventHeaders({
  id,
  type,
  source,
  subject,
  timeMs,
  requestId,
  traceparent,
}: CloudEventAttributes): Record<string, string> {
  const headers: Record<string, string> = {
    ce_specversion: '1.0',
    ce_id: id,
    ce_type: type,
    ce_source: source,
    ce_subject: subject,
    ce_time: new Date(timeMs).toISOString(),
  };
  if (requestId !== undefined) headers['ce_requestid'] = requestId;
  if (traceparent !== undefined) headers['traceparent'] = traceparent;
  return headers;
}
