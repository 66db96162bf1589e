import type { ErrorObject } from 'ajv/dist/2020.js';
import type { JSONSchemaObject } from '@nask/schemas';
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
    case 'uniqueItems': {
      const [first, second] = [params['i'] as number, params['j'] as number].sort((a, b) => a - b);
      return { pointer: instancePath, detail: `must not have an item twice: items ${first} and ${second}` };
    }
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

const maxUnknownParameters = 10;
const maxNameChars = 100;

/**
 * The query parameters that an operation does not know, each a fault; of many the first ones.
 * @param isKnown whether it knows the one of this name
 * @param detail what it knows
 */
export function unknownParameters(query: object, isKnown: (name: string) => boolean, detail: string): Fault[] {
  const unknown = Object.keys(query).filter((name) => !isKnown(name));
  return unknown.slice(0, maxUnknownParameters).map((name) => ({ parameter: name.slice(0, maxNameChars), detail }));
}

/** RFC 3339's date-time, with the offset that it asks for, from 1970 on; as a regular expression of JSON Schema. */
export const rfc3339Pattern =
  '^(19[7-9]\\d|[2-9]\\d{3})-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3])(:[0-5]\\d){2}(\\.\\d{1,9})?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)$';

const pattern = new RegExp(rfc3339Pattern);

/** @returns milliseconds since 1970; undefined when the text is no such time, or one that there is not */
export function parseRfc3339(text: string): number | undefined {
  if (!pattern.test(text)) return undefined;
  const timeMs = Date.parse(text);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/** Refers to a schema of the document by its name. */
export function schemaRef(name: string): JSONSchemaObject {
  return { $ref: `#/components/schemas/${name}` };
}
