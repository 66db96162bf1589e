import { problemTypes } from '../http/problem-types.ts';
import { docsPageParts } from './docs-page.ts';
import { entryPoints } from './root-routes.ts';
import { schemaRef, type ApiOperation } from '../http/api-operation.ts';
import { jsonResponse, responses } from '../http/responses.ts';

/** The schemas of what describes the API. */
export const aboutSchemas = {
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
};

/** The answer to If-None-Match with the entity tag that the client was given. */
const unchanged = {
  description: 'The client has the present one.',
  headers: { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } },
};

/** The operations of the routes that describe the API. */
export const aboutOperations: readonly ApiOperation[] = [
  {
    method: 'get',
    path: '/',
    scope: 'public',
    operation: {
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
    },
  },
  {
    method: 'get',
    path: '/problems/{name}',
    scope: 'public',
    operation: {
      operationId: 'getProblemType',
      summary: 'Read what a kind of error means',
      tags: ['about'],
      parameters: [
        {
          name: 'name',
          in: 'path',
          required: true,
          description: 'What stands after `/problems/` in the type of a problem detail.',
          schema: { type: 'string', enum: Object.keys(problemTypes) },
          example: 'validation',
        },
      ],
      responses: responses({ 200: jsonResponse('The kind of error.', schemaRef('ProblemType')) }, ['not-found']),
    },
  },
  {
    method: 'get',
    path: '/openapi.json',
    scope: 'public',
    operation: {
      operationId: 'getOpenApi',
      summary: 'Read this document',
      tags: ['about'],
      responses: responses({ 200: jsonResponse('An OpenAPI 3.1 document.', { type: 'object' }) }),
    },
  },
  {
    method: 'get',
    path: '/asyncapi.json',
    scope: 'public',
    operation: {
      operationId: 'getAsyncApi',
      summary: 'Read the document of the events in Kafka',
      tags: ['about'],
      responses: responses({ 200: jsonResponse('An AsyncAPI 3.0 document.', { type: 'object' }) }),
    },
  },
  {
    method: 'get',
    path: '/docs',
    scope: 'public',
    operation: {
      operationId: 'getDocs',
      summary: 'Open the interactive page of this document',
      tags: ['about'],
      responses: responses({
        200: {
          description: 'A page for people. It loads nothing from other hosts.',
          content: { 'text/html': { schema: { type: 'string' } } },
        },
        304: unchanged,
      }),
    },
  },
  {
    method: 'get',
    path: '/docs/{file}',
    scope: 'public',
    operation: {
      operationId: 'getDocsPart',
      summary: 'Read a part of the interactive page',
      'x-internal': true,
      tags: ['about'],
      parameters: [
        {
          name: 'file',
          in: 'path',
          required: true,
          description: 'Name of the part.',
          schema: { type: 'string', enum: docsPageParts },
          example: docsPageParts[0],
        },
      ],
      responses: responses(
        {
          200: {
            description: 'The part.',
            content: Object.fromEntries(
              ['text/javascript', 'text/css', 'image/png'].map((type) => [type, { schema: { type: 'string' } }]),
            ),
          },
          304: unchanged,
        },
        ['not-found'],
      ),
    },
  },
];
