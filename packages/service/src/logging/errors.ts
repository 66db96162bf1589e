/** An error as it is logged. Fields of the error beside these are kept when they are short plain values. */
interface SerialisedError {
  type: string;
  message: string;
  stack?: string;
  cause?: unknown;
  errors?: unknown[];
  [field: string]: unknown;
}

const maxDepth = 5;
const maxErrors = 10;
const maxFields = 20;
const maxCharacters = 8_000;

/**
 * Makes an error loggable: type, message, code and other plain fields, stack, the chain of causes, and the errors of an
 * AggregateError. Bounded in depth, number and length; nested objects (requests, documents) are left out.
 */
export function serialiseError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? shorten(error) : error;
  const fields = Object.entries(error)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    .slice(0, maxFields)
    .map(([name, value]) => [name, typeof value === 'string' ? shorten(value) : value]);
  const serialised: SerialisedError = {
    ...(Object.fromEntries(fields) as Record<string, unknown>),
    type: error.name === 'Error' ? error.constructor.name : error.name,
    message: shorten(error.message),
    stack: error.stack === undefined ? undefined : shorten(error.stack),
  };
  if (depth < maxDepth) {
    if (error.cause !== undefined) serialised.cause = serialiseError(error.cause, depth + 1);
    if (error instanceof AggregateError) {
      serialised.errors = error.errors.slice(0, maxErrors).map((inner) => serialiseError(inner, depth + 1));
    }
  }
  return serialised;
}

function shorten(text: string): string {
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
}

const maxCauses = 5;

/** An error in one line: its message, then those of its causes. */
export function summariseError(error: unknown, maxDepth = maxCauses): string {
  if (!(error instanceof Error)) return String(error);
  // Node's AggregateError of failed connection attempts has a code and no message.
  const own = error.message || errorCode(error) || error.name;
  return error.cause === undefined || maxDepth === 0 ? own : `${own}: ${summariseError(error.cause, maxDepth - 1)}`;
}

/** The error's `code`, where it has one that is a text. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

const programmersErrors = [
  'Error',
  'TypeError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'EvalError',
  'URIError',
];

/**
 * Whether an error is one of operation (a port in use, a server away), which a message explains, rather than a fault
 * in the code, for which the stack is needed. The former have a type or a code of their own; ERR_ codes are Node's for
 * wrong calls.
 */
export function isOperational(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = errorCode(error);
  return code === undefined ? !programmersErrors.includes(error.constructor.name) : !code.startsWith('ERR_');
}
