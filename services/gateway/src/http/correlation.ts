/** What goes from a request into the events that it causes, so that they can be found by it. */
export interface Correlation {
  requestId: string;
  /** W3C Trace Context. */
  traceparent: string | undefined;
}

/**
 * The request id that a client sent, if it can be used: 1 to 64 characters that are safe in headers and logs.
 */
export function usableRequestId(header: string | undefined): string | undefined {
  return header !== undefined && /^[\w.:~-]{1,64}$/.test(header) ? header : undefined;
}

/**
 * The `traceparent` that a client sent, if it is valid (W3C Trace Context, section 3.2): of version 00 exactly four
 * fields, of a later version at least these; version ff and ids of zeros are invalid.
 */
export function validTraceparent(header: string | undefined): string | undefined {
  if (header === undefined || header.length > 128) return undefined;
  const match = /^(?!ff)([\da-f]{2})-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(-.*)?$/.exec(header);
  if (match === null || (match[1] === '00' && match[2] !== undefined)) return undefined;
  return header;
}
