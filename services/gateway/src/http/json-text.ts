import { InvalidRequestError, MalformedJsonError } from '../errors.ts';

/** How deep arrays and objects may be nested in a body. Far below what would exhaust the stack of a recursive reader. */
export const maxNestingLevels = 64;

/**
 * Parses a body (RFC 8259). Of repeated names the last counts, and `__proto__` is a name like any other.
 * @throws MalformedJsonError when it is not JSON text
 * @throws InvalidRequestError when it is nested deeper than `maxNestingLevels`
 */
export function parseJsonText(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new MalformedJsonError(error instanceof Error ? error.message : String(error), { cause: error });
  }
  if (isDeeperThan(value, maxNestingLevels))
    throw new InvalidRequestError([{ pointer: '', detail: `must be nested at most ${maxNestingLevels} levels deep` }]);
  return value;
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(inner, levels - 1));
}
