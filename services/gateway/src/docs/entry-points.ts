import { productVersion } from '@nask/service';
import { jsonResponse, responses, unchanged, type RouteHandler, type Operation } from '../http/route.ts';
import { schemaRef } from '../http/schema.rules.ts';

/** Paths of the entry points of the API. */
const entryPoints = {
  tasks: '/api/tasks',
  task_types: '/api/task-types',
  stats: '/api/stats',
  docs: '/docs',
  openapi: '/openapi.json',
  asyncapi: '/asyncapi.json',
  liveness: '/healthz',
  readiness: '/readyz',
} as const;

export const getEntryPointsOperation: Operation = {
  operationId: 'getEntryPoints',
  summary: 'Find the entry points',
  description: 'Links in JSON; a client that prefers `text/html`, as browsers do, is redirected to `/docs`.',
  tags: ['about'],
  responses: responses({
    200: jsonResponse('Paths of the entry points.', schemaRef('EntryPoints')),
    302: {
      description: 'The interactive page is at `Location`.',
      headers: { Location: { description: 'Relative path of the page.', schema: { type: 'string' } } },
      content: { 'text/html': { schema: { type: 'string' } } },
    },
    304: unchanged,
  }),
  schemas: {
    EntryPoints: {
      type: 'object',
      required: ['name', 'version', 'links'],
      additionalProperties: false,
      properties: {
        name: { const: 'nask-task' },
        version: { type: 'string' },
        links: {
          type: 'object',
          required: Object.keys(entryPoints),
          properties: Object.fromEntries(Object.entries(entryPoints).map(([name, path]) => [name, { const: path }])),
        },
      },
    },
  },
};

/** `GET /`: where to find what. Links in JSON for programs, a redirect to the interactive page for browsers. */
export function getEntryPoints(): RouteHandler {
  return (ctx) => {
    ctx.vary('Accept');
    if (ctx.accepts('json', 'html') === 'html') {
      ctx.redirect('docs');
      return;
    }
    ctx.body = { name: 'nask-task', version: productVersion, links: entryPoints };
  };
}
