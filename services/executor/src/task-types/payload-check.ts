import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import type { TaskType } from '@nask/schemas';

/** Checks a payload against its type's schema: null when it is valid, else one sentence that names field and limit. */
export type PayloadCheck = (payload: unknown) => string | null;

/**
 * Compiles the check of a task type's payload.
 * @throws Error when the schema is not a valid JSON Schema
 */
export function payloadCheck(type: TaskType): PayloadCheck {
  const validate = new Ajv2020({ strict: true }).compile(type.payloadSchema);
  return (payload) => (validate(payload) ? null : sentence(validate.errors![0]!));
}

function sentence({ instancePath, keyword, message, params }: ErrorObject): string {
  const field = `payload${instancePath.replaceAll('/', '.')}`;
  if (keyword === 'additionalProperties') return `${field} has an unknown field: ${params['additionalProperty']}.`;
  return `${field} ${message}.`;
}
