import type { IncomingMessage } from 'node:http';
import type { Middleware } from 'koa';
import { createHostCheck } from './request-origin.rules.ts';
import { HttpProblem } from '../http/problem.ts';

/**
 * Refuses an HTTP/1.1 request without a Host header or with several (RFC 9112, section 3.2) and, where clients have no keys,
 * a host that is not served.
 */
export function checkHost({
  hasKeys,
  allowedHosts,
}: {
  hasKeys: boolean;
  allowedHosts: readonly string[];
}): Middleware {
  const isServed = createHostCheck(allowedHosts);
  return (ctx, next) => {
    const { host } = ctx.req.headers;
    if (host === undefined ? ctx.req.httpVersion === '1.1' : hasSeveralHosts(ctx.req))
      throw new HttpProblem('malformed-request', 'An HTTP/1.1 request has to have one Host header.', {
        Connection: 'close',
      });
    if (!hasKeys && host !== undefined && !isServed(host))
      throw new HttpProblem(
        'unknown-host',
        'The Host header is not localhost, an IP address or a name in ALLOWED_HOSTS. A gateway without API_KEYS serves no other.',
      );
    return next();
  };
}

/** Node keeps the first one in `headers`. Its own object of all values would copy every header of every request. */
function hasSeveralHosts({ rawHeaders }: IncomingMessage): boolean {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (rawHeaders[i]!.length === 4 && rawHeaders[i]!.toLowerCase() === 'host') count += 1;
  return count > 1;
}
