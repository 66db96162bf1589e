/** How one attempt ended, by what it means for the next one. */
export type AttemptResult =
  /** 2xx: the receiver has it. */
  | { kind: 'accepted'; status: number }
  /** 410: the receiver wants no more of it. */
  | { kind: 'gone'; status: number }
  /** Any other 3xx or 4xx: the URL, or what is sent, does not suit the receiver. Redirects are not followed. */
  | { kind: 'rejected'; status: number }
  /** 429 or 5xx: the receiver cannot take it now. */
  | { kind: 'unavailable'; status: number; retryAfterMs?: number }
  | { kind: 'timeout' }
  /** No connection, or one that broke: `cause` is the code of the system, DNS or TLS, e.g. ECONNREFUSED. */
  | { kind: 'unreachable'; cause: string }
  /** The address policy does not let a webhook go there: nothing was sent. */
  | { kind: 'forbidden'; network: string };

export type AttemptKind = AttemptResult['kind'];

/** Every kind there is: what the metrics count by. */
export const attemptKinds = [
  'accepted',
  'gone',
  'rejected',
  'unavailable',
  'timeout',
  'unreachable',
  'forbidden',
] as const satisfies readonly AttemptKind[];

/**
 * What a receiver's answer means.
 * @param answer.retryAfter the header, if there was one
 * @param nowMs when it came, in milliseconds since 1970
 */
export function resultOfAnswer(answer: { status: number; retryAfter?: string }, nowMs: number): AttemptResult {
  const { status, retryAfter } = answer;
  if (status >= 200 && status < 300) return { kind: 'accepted', status };
  if (status === 410) return { kind: 'gone', status };
  if (status === 429 || status >= 500) {
    const waitMs = retryAfterMs(retryAfter, nowMs);
    return waitMs === undefined
      ? { kind: 'unavailable', status }
      : { kind: 'unavailable', status, retryAfterMs: waitMs };
  }
  return { kind: 'rejected', status };
}

/** One clause for a log line or a dead letter, e.g. `the receiver answered 503`. */
export function describeResult(result: AttemptResult): string {
  switch (result.kind) {
    case 'timeout':
      return 'the receiver took too long';
    case 'unreachable':
      return `the receiver could not be reached (${result.cause})`;
    case 'forbidden':
      return `notify_url leads to an address that is not allowed (${result.network})`;
    default:
      return `the receiver answered ${result.status}`;
  }
}

/** IMF-fixdate, the one form of a date that senders may use (RFC 9110, section 5.6.7). */
const httpDate = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * How long a `Retry-After` header asks to wait (RFC 9110, section 10.2.3): seconds, or a date.
 * @returns milliseconds from now, not below 0; undefined when there is no header or it makes no sense
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  const value = header?.trim() ?? '';
  if (/^\d{1,10}$/.test(value)) return Number(value) * 1000;
  if (!httpDate.test(value)) return undefined;
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
