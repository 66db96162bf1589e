import { problemTypes, type ProblemName, type ProblemType } from '../http/problem-types.ts';
import { HttpProblem } from '../http/problems.ts';
import { jsonResponse, responses, type RouteHandler, type Operation } from '../http/route.ts';
import { maxFaults, schemaRef } from '../http/schema.rules.ts';

const statusSchema = { type: 'integer', minimum: 400, maximum: 599 };

export const getProblemTypeOperation: Operation = {
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
  schemas: {
    Problem: {
      type: 'object',
      required: ['type', 'title', 'status', 'detail'],
      properties: {
        type: {
          type: 'string',
          enum: Object.keys(problemTypes).map((name) => `/problems/${name}`),
          description: 'The kind of error. GET it to read what it means.',
        },
        title: { type: 'string' },
        status: statusSchema,
        detail: { type: 'string', description: 'What happened to this request.' },
        errors: {
          type: 'array',
          maxItems: 3 * maxFaults,
          description: 'With /problems/validation: the faults that were found.',
          items: { $ref: '#/components/schemas/Fault' },
        },
        task_id: {
          type: 'integer',
          description: 'With /problems/outcome-unknown: the id of the task, if it was accepted.',
        },
      },
    },
    Fault: {
      type: 'object',
      required: ['detail'],
      additionalProperties: false,
      properties: {
        pointer: { type: 'string', description: 'JSON pointer (RFC 6901) to the place in the body.' },
        parameter: { type: 'string', description: 'Or the parameter that is at fault.' },
        detail: { type: 'string', description: 'The rule, with its limit.' },
      },
      oneOf: [{ required: ['pointer'] }, { required: ['parameter'] }],
    },
    ProblemType: {
      type: 'object',
      required: ['type', 'status', 'title', 'meaning'],
      additionalProperties: false,
      properties: {
        type: { type: 'string' },
        status: statusSchema,
        title: { type: 'string' },
        meaning: { type: 'string', description: 'What it means and what to do about it.' },
      },
    },
  },
};

/** `GET /problems/{name}`: what the `type` of a problem detail refers to. */
export function getProblemType(): RouteHandler {
  return (ctx) => {
    const name = ctx.params['name'] ?? '';
    if (!Object.hasOwn(problemTypes, name)) throw new HttpProblem('not-found', 'There is no such kind of error.');
    const { status, title, meaning }: ProblemType = problemTypes[name as ProblemName];
    ctx.body = { type: `/problems/${name}`, status, title, meaning };
  };
}
