/** Where a webhook goes: a checked `notify_url`, taken apart. */
export interface WebhookTarget {
  /** Scheme, host and port: one pool of connections each. */
  origin: string;
  /** Host and port: what limits and log lines are about. Never has credentials in it. */
  host: string;
  /** Path and query. */
  path: string;
  /** Value of the header `authorization` when the URL has a user name or password in it (RFC 7617). */
  authorization?: string;
}

/** A `notify_url` that nothing is ever sent to. The message never repeats the URL: it may have a password in it. */
export class UnusableUrlError extends Error {
  readonly code = 'UNUSABLE_URL';

  constructor(reason: string) {
    super(`notify_url ${reason}`);
    this.name = 'UnusableUrlError';
  }
}

const maxUrlLength = 2048;

/**
 * Parses by the WHATWG URL standard, which also turns every notation of an IPv4 host (octal, hexadecimal, one number,
 * full-width digits) into the usual one, so that what is checked is what is connected to. Every port is allowed.
 * @throws UnusableUrlError
 */
export function webhookTarget(notifyUrl: string): WebhookTarget {
  if (notifyUrl.length > maxUrlLength) throw new UnusableUrlError(`is longer than ${maxUrlLength} characters`);
  const url = URL.parse(notifyUrl);
  if (url === null) throw new UnusableUrlError('is not an absolute URL');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new UnusableUrlError(`has the scheme ${url.protocol.slice(0, -1)}; only http and https are possible`);
  }
  const target = { origin: url.origin, host: url.host, path: url.pathname + url.search };
  return url.username === '' && url.password === '' ? target : { ...target, authorization: basicAuthorization(url) };
}

function basicAuthorization({ username, password }: URL): string {
  const credentials = `${decoded(username)}:${decoded(password)}`;
  return `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UnusableUrlError('has a user name or password with a % that encodes nothing');
  }
}
