import type { Fault } from '../errors.ts';

const maxFaults = 10;
const maxNameChars = 100;

/**
 * The query parameters that an operation does not know, each a fault; of many the first ones.
 * @param isKnown whether it knows the one of this name
 * @param detail what it knows
 */
export function unknownParameters(query: object, isKnown: (name: string) => boolean, detail: string): Fault[] {
  const unknown = Object.keys(query).filter((name) => !isKnown(name));
  return unknown.slice(0, maxFaults).map((name) => ({ parameter: name.slice(0, maxNameChars), detail }));
}
