import type { Scope } from '../access/api-keys.rules.ts';
import type { ApiOperation, OperationObject } from '../http/api-operation.ts';
import { problemResponses } from '../http/responses.ts';

const scopeMeanings: Record<Scope, string> = {
  read: 'read tasks',
  write: 'post and cancel tasks',
  admin: 'what concerns all tasks, or cannot be undone',
};

/** How clients show who they are. */
export const securitySchemes = {
  apiKey: {
    type: 'http',
    scheme: 'bearer',
    description: `An API key. What it allows: ${Object.entries(scopeMeanings)
      .map(([scope, meaning]) => `\`${scope}\` (${meaning})`)
      .join(', ')}.`,
  },
};

const rateLimitHeaders = {
  'RateLimit-Policy': { $ref: '#/components/headers/RateLimit-Policy' },
  RateLimit: { $ref: '#/components/headers/RateLimit' },
};

/** The operation with what it requires of a request before it is served, and with the answers to those that lack it. */
export function withAccess({ method, operation, scope }: ApiOperation, hasKeys: boolean): OperationObject {
  const needsKey = hasKeys && scope !== 'public';
  const refused = problemResponses([
    ...(needsKey ? (['unauthenticated', 'forbidden', 'rate-limited'] as const) : []),
    ...(method === 'get' ? [] : (['cross-origin'] as const)),
    ...(hasKeys ? [] : (['unknown-host'] as const)),
  ]);
  if (!needsKey) return { ...operation, responses: { ...operation.responses, ...refused } };
  const responses = Object.fromEntries(
    Object.entries(operation.responses).map(([status, response]) => [
      status,
      Number(status) < 300 ? { ...response, headers: { ...response.headers, ...rateLimitHeaders } } : response,
    ]),
  );
  refused['429']!.headers = { ...refused['429']!.headers, ...rateLimitHeaders };
  return { ...operation, security: [{ apiKey: [scope] }], responses: { ...responses, ...refused } };
}
