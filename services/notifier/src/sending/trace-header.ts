/**
 * The header that makes a receiver's work part of the trace that the completion belongs to, if it names one (W3C Trace
 * Context, section 3.2). Whatever else is in the log does not get into a request.
 */
export function traceHeader({ traceparent }: Readonly<Record<string, string>>): { traceparent?: string } {
  return traceparent !== undefined && /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/.test(traceparent)
    ? { traceparent }
    : {};
}
