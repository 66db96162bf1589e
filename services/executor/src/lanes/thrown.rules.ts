/** How many causes are followed, one below the other. */
const maxDepth = 5;
/** How many errors of an AggregateError are described. */
const maxErrors = 5;
/** Of one error, so that a long message leaves room for the causes, which say more. */
const maxErrorCharacters = 3_000;
const maxCharacters = 8_000;

/**
 * The stack of a thrown value, those of its causes, and those of the errors of an AggregateError, as one text for the
 * log. Bounded in depth and length. Never throws, whatever was thrown: getters may throw, causes may form a cycle.
 * @returns undefined for a primitive: its failure's message says all
 */
export function stackOf(thrown: unknown): string | undefined {
  if (!isObject(thrown)) return undefined;
  const lines: string[] = [];
  collect(thrown, '', 0, { lines, seen: new Set() });
  return cutAtSpace(lines.join('\n'), maxCharacters);
}

/** A property of anything; undefined where it has none, or reading it throws. */
export function property(value: unknown, name: string): unknown {
  if (!isObject(value)) return undefined;
  try {
    return (value as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

/**
 * The text, cut after so many characters. It is cut at white space: half a URL could show a password that the logger
 * hides in a whole one. Where there is no white space, nothing is left.
 */
export function cutAtSpace(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text.toWellFormed();
  let end = maxLength - 1;
  while (end > 0 && !/\s/.test(text[end]!)) end -= 1;
  return `${text.slice(0, end)}…`.toWellFormed();
}

interface Collected {
  readonly lines: string[];
  readonly seen: Set<unknown>;
}

function collect(thrown: unknown, relation: string, depth: number, into: Collected): void {
  if (depth > maxDepth || into.seen.has(thrown)) return;
  if (isObject(thrown)) into.seen.add(thrown);
  into.lines.push(relation + cutAtSpace(describe(thrown), maxErrorCharacters));
  for (const error of errorsOf(thrown)) collect(error, 'one of its errors: ', depth + 1, into);
  const cause = property(thrown, 'cause');
  if (cause !== undefined && cause !== null) collect(cause, 'caused by ', depth + 1, into);
}

function errorsOf(thrown: unknown): unknown[] {
  try {
    const errors = property(thrown, 'errors');
    return Array.isArray(errors) ? errors.slice(0, maxErrors) : [];
  } catch {
    return [];
  }
}

function describe(thrown: unknown): string {
  if (!isObject(thrown)) return String(thrown);
  const stack = text(thrown, 'stack') ?? '';
  const message = text(thrown, 'message') ?? '';
  const code = property(thrown, 'code');
  const head = `${text(thrown, 'name') ?? 'Object'}: ${message}`;
  // The stack has the message that the error had when it was made.
  const described = stack.includes(message) && stack !== '' ? stack : stack === '' ? head : `${head}\n${stack}`;
  const isNew = (typeof code === 'string' || typeof code === 'number') && !described.includes(String(code));
  return isNew ? described.replace(/$/m, () => ` (code ${code})`) : described;
}

function text(value: unknown, name: string): string | undefined {
  const found = property(value, name);
  return typeof found === 'string' ? found : undefined;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
