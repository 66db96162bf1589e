import type { JSONSchemaObject } from '@nask/schemas';
import { maxFaults } from '../http/faults.rules.ts';
import { problemTypes } from '../http/problem-types.ts';

const statusSchema = { type: 'integer', minimum: 400, maximum: 599 };

/** Problem details (RFC 9457), and what their types refer to. */
export const problemSchemas: Record<string, JSONSchemaObject> = {
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
};
