import type { Context } from 'koa';
import { HttpProblem } from '../http/problems.ts';
import { bearerToken, clientOf, type ApiClient, type ApiKey, type Scope } from './api-keys.rules.ts';
import type { RateLimit } from './rate-limit.ts';

/** Who may do what, and how often. */
export interface ClientAccess {
  /** Whether clients have to have keys. */
  readonly hasKeys: boolean;
  /** Lets a request pass whose client may do this. @throws HttpProblem unauthenticated, forbidden or rate-limited */
  admit(ctx: Context, scope: Scope): void;
  /** Counts so many more requests of its client: a request that stands for many. @throws HttpProblem rate-limited */
  charge(ctx: Context, count: number): void;
}

/** The client of a request that was admitted; undefined where clients have no keys. */
export function clientOfRequest(ctx: Context): ApiClient | undefined {
  return ctx.state['client'] as ApiClient | undefined;
}

/** @param keys without any, everybody may do everything */
export function createClientAccess(options: {
  keys: readonly ApiKey[];
  rateLimit: RateLimit;
  nowMs: () => number;
}): ClientAccess {
  const { keys, rateLimit, nowMs } = options;
  const { requests, windowS } = rateLimit.quota;
  const policy = `"requests";q=${requests};w=${windowS}`;

  function charge(ctx: Context, count: number): void {
    const client = clientOfRequest(ctx);
    if (client === undefined || count === 0) return;
    const { isWithin, remaining, resetS } = rateLimit.take(client.name, count, nowMs());
    const headers = { 'RateLimit-Policy': policy, RateLimit: `"requests";r=${remaining};t=${resetS}` };
    if (!isWithin)
      throw new HttpProblem(
        'rate-limited',
        `The key has ${requests} requests in ${windowS} s; ${remaining} are left.`,
        {
          ...headers,
          'Retry-After': String(resetS),
        },
      );
    ctx.set(headers);
  }

  return {
    hasKeys: keys.length > 0,
    charge,
    admit(ctx, scope) {
      if (keys.length === 0) return;
      const token = bearerToken(ctx.get('authorization'));
      if (token === undefined)
        throw new HttpProblem('unauthenticated', 'The request has no Authorization: Bearer header with a key.', {
          'WWW-Authenticate': 'Bearer',
        });
      const client = clientOf(keys, token);
      if (client === undefined)
        throw new HttpProblem('unauthenticated', 'The API key is unknown.', {
          'WWW-Authenticate': 'Bearer error="invalid_token"',
        });
      if (!client.scopes.has(scope))
        throw new HttpProblem('forbidden', `The API key of ${client.name} lacks the scope ${scope}.`, {
          'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${scope}"`,
        });
      ctx.state['client'] = client;
      charge(ctx, 1);
    },
  };
}
