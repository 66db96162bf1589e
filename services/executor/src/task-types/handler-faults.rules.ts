import type { Handler, RetryPolicy } from './handler.ts';

interface Field {
  readonly expected: string;
  readonly fits: (value: unknown) => boolean;
  readonly required?: true;
}

const aFunction = { expected: 'a function', fits: (value: unknown) => typeof value === 'function' };
const fromZero = (unit: string): Field => ({
  expected: `a number of ${unit}, at least 0`,
  fits: (value) => typeof value === 'number' && value >= 0,
});

const handlerFields: Record<keyof Handler, Field> = {
  type: {
    expected: 'the name of the task type, as its schema file is called',
    fits: (value) => typeof value === 'string' && value !== '',
    required: true,
  },
  kind: { expected: "'wait' or 'compute'", fits: (value) => value === 'wait' || value === 'compute', required: true },
  run: { ...aFunction, required: true },
  isTiny: aFunction,
  durationMs: aFunction,
  timeLimitMs: {
    expected: 'a number of milliseconds above 0',
    fits: (value) => typeof value === 'number' && value > 0,
  },
  retry: { expected: 'an object', fits: (value) => typeof value === 'object' && value !== null },
};

const retryFields: Record<keyof RetryPolicy, Field> = {
  maxAttempts: {
    expected: 'a whole number, at least 1',
    fits: (value) => Number.isInteger(value) && (value as number) >= 1,
  },
  baseDelayMs: fromZero('milliseconds'),
  maxDelayMs: fromZero('milliseconds'),
};

/**
 * What is wrong with the default export of a file in handlers/, one phrase a fault, with the name of the field.
 * @returns none when it is a Handler
 */
export function handlerFaults(value: unknown): string[] {
  if (value === undefined) return ['no default export: expected `export default` with the handler object'];
  if (typeof value !== 'object' || value === null)
    return [`default export: expected the handler object, got ${shown(value)}`];
  const { retry } = value as { retry?: unknown };
  return [
    ...faultsOf(value, handlerFields, ''),
    ...(handlerFields.retry.fits(retry) ? faultsOf(retry as object, retryFields, 'retry.') : []),
  ];
}

function faultsOf(value: object, fields: Record<string, Field>, prefix: string): string[] {
  const given = value as Record<string, unknown>;
  // An instance of a class has fields of its own beside those of a handler.
  const isPlain = [Object.prototype, null].includes(Object.getPrototypeOf(value));
  const unknown = isPlain ? Object.keys(given).filter((name) => !Object.hasOwn(fields, name)) : [];
  const wrong = Object.entries(fields).filter(
    ([name, { fits, required }]) => (required || given[name] !== undefined) && !fits(given[name]),
  );
  return [
    ...wrong.map(([name, { expected }]) => `${prefix}${name}: expected ${expected}, got ${shown(given[name])}`),
    ...unknown.map((name) => `${prefix}${name}: unknown field; allowed are ${Object.keys(fields).join(', ')}`),
  ];
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'string'
    ? JSON.stringify(value.slice(0, 100))
    : `a ${value === null ? 'null' : typeof value}`;
}
