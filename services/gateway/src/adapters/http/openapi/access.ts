import type { Scope } from '../../../domain/api-keys.ts';
import type { ApiOperation, OperationObject } from './api-operation.ts';
import { problemResponses } from './responses.ts';

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

/** The operation where clients have keys: which scope it asks for, and what it answers to those that lack it. */
export function withAccess({ operation, scope }: ApiOperation): OperationObject {
  if (scope === 'public') return operation;
  const responses = Object.fromEntries(
    Object.entries(operation.responses).map(([status, response]) => [
      status,
      Number(status) < 300 ? { ...response, headers: { ...response.headers, ...rateLimitHeaders } } : response,
    ]),
  );
  const refused = problemResponses(['unauthenticated', 'forbidden', 'rate-limited']);
  refused['429']!.headers = { ...refused['429']!.headers, ...rateLimitHeaders };
  return { ...operation, security: [{ apiKey: [scope] }], responses: { ...responses, ...refused } };
}
