import type { ErrorObject } from 'ajv/dist/2020.js';
import type { Fault } from '../errors.ts';

/** How many faults an answer names at most: a body of nothing but unknown fields must not become a larger answer. */
export const maxFaults = 20;

const maxPointerLength = 200;

/**
 * Says in words what a JSON Schema validator found.
 * @param errors ajv's list
 * @param prefix JSON pointer of the validated value within the body, e.g. `/payload`
 */
export function schemaFaults(errors: readonly ErrorObject[], prefix: string): Fault[] {
  return errors.slice(0, maxFaults).map((error) => {
    const { pointer, detail } = faultOf(error);
    return { pointer: shortened(prefix + pointer), detail };
  });
}

function faultOf(error: ErrorObject): { pointer: string; detail: string } {
  const { instancePath, keyword, params } = error;
  switch (keyword) {
    case 'required':
      return { pointer: child(instancePath, params['missingProperty']), detail: 'is required' };
    case 'additionalProperties':
      return { pointer: child(instancePath, params['additionalProperty']), detail: 'is not a known field' };
    case 'enum':
      return { pointer: instancePath, detail: `must be one of: ${(params['allowedValues'] as string[]).join(', ')}` };
    case 'maxLength':
    case 'minLength':
      return { pointer: instancePath, detail: `must have ${boundOf(error, 'character', 'characters')}` };
    case 'maxItems':
    case 'minItems':
      return { pointer: instancePath, detail: `must have ${boundOf(error, 'item', 'items')}` };
    case 'maxProperties':
    case 'minProperties':
      return { pointer: instancePath, detail: `must have ${boundOf(error, 'property', 'properties')}` };
    default:
      return { pointer: instancePath, detail: error.message ?? `breaks the rule ${keyword}` };
  }
}

function boundOf({ keyword, params }: ErrorObject, singular: string, plural: string): string {
  const limit = params['limit'] as number;
  return `${keyword.startsWith('max') ? 'at most' : 'at least'} ${limit} ${limit === 1 ? singular : plural}`;
}

/** RFC 6901: `~` and `/` in a name are written `~0` and `~1`. */
function child(pointer: string, name: unknown): string {
  return `${pointer}/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function shortened(pointer: string): string {
  return pointer.length > maxPointerLength ? `${pointer.slice(0, maxPointerLength)}…` : pointer;
}
