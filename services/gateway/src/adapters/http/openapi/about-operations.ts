import { problemTypes } from '../problem-types.ts';
import { schemaRef, type ApiOperation } from './api-operation.ts';
import { jsonResponse, responses } from './responses.ts';

/** The operations of the routes with which the API tells of itself. */
export const aboutOperations: readonly ApiOperation[] = [
  {
    method: 'get',
    path: '/problems/{name}',
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
        },
      ],
      responses: responses({ 200: jsonResponse('The kind of error.', schemaRef('ProblemType')) }, ['not-found']),
    },
  },
  {
    method: 'get',
    path: '/openapi.json',
    operation: {
      operationId: 'getOpenApi',
      summary: 'Read this document',
      tags: ['about'],
      responses: responses({ 200: jsonResponse('An OpenAPI 3.1 document.', { type: 'object' }) }),
    },
  },
  {
    method: 'get',
    path: '/docs',
    operation: {
      operationId: 'getDocs',
      summary: 'Open the interactive page of this document',
      tags: ['about'],
      responses: responses({
        200: {
          description: 'A page for people. It loads nothing from other hosts.',
          content: { 'text/html': { schema: { type: 'string' } } },
        },
      }),
    },
  },
];
