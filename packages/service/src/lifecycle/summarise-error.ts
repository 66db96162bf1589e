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
