import type { TaskErrorCause } from '@nask/schemas';
import { errorLimits } from '@nask/schemas/task-errors';
import { publicText } from './public-text.rules.ts';

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

/**
 * The causes of a thrown value for the events of its task, the nearest first: the chain of `cause`, and the first errors
 * of an AggregateError without a cause. Bounded in number and length, without credentials of URLs. Never throws, as
 * `stackOf`.
 */
export function causesOf(thrown: unknown): TaskErrorCause[] {
  if (!isObject(thrown)) return [];
  const causes: TaskErrorCause[] = [];
  const seen = new Set<unknown>([thrown]);
  const next = errorsBehind(thrown);
  // Visits what is pushed meanwhile, too.
  for (const cause of next) {
    if (causes.length === errorLimits.causes) break;
    if (seen.has(cause)) continue;
    seen.add(cause);
    const name = classOf(cause);
    const message = messageWithCode(cause) ?? (name === '' ? asText(cause) : '');
    causes.push({
      name: publicText(name, errorLimits.causeNameLength),
      message: publicText(message, errorLimits.causeMessageLength),
    });
    next.push(...errorsBehind(cause));
  }
  return causes;
}

/** A value without a message as text: a primitive itself, an object its tag, e.g. [object Object]. Never throws. */
export function asText(thrown: unknown): string {
  if (!isObject(thrown)) return String(thrown);
  try {
    return Object.prototype.toString.call(thrown);
  } catch {
    // A revoked proxy, or a Symbol.toStringTag that throws.
    return 'an object';
  }
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
 * The text, cut to `maxLength` UTF-16 code units, for the log. It is cut at white space: half a URL could show a password
 * that the logger hides in a whole one. Where there is no white space, nothing is left.
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
    if (!Array.isArray(errors)) return [];
    // Not slice: an array may have one of its own.
    return Array.from({ length: Math.min(maxErrors, errors.length) }, (_, index) => errors[index] as unknown);
  } catch {
    return [];
  }
}

function errorsBehind(thrown: unknown): unknown[] {
  const cause = property(thrown, 'cause');
  return cause === undefined || cause === null ? errorsOf(thrown) : [cause];
}

/** Name of the class of an error; of one that has no name of its own, that of its constructor. */
function classOf(thrown: unknown): string {
  const name = text(thrown, 'name') ?? '';
  return name === 'Error' ? (text(property(thrown, 'constructor'), 'name') ?? name) : name;
}

/** The message, and the code that it does not have. Node's AggregateError of failed connections has only a code. */
function messageWithCode(thrown: unknown): string | undefined {
  const message = text(thrown, 'message') ?? '';
  const code = newCode(thrown, message);
  if (message === '') return code;
  return code === undefined ? message : `${message} (code ${code})`;
}

function describe(thrown: unknown): string {
  if (!isObject(thrown)) return String(thrown);
  const stack = text(thrown, 'stack') ?? '';
  const message = text(thrown, 'message') ?? '';
  const head = `${text(thrown, 'name') ?? 'Object'}: ${message}`;
  // The stack has the message that the error had when it was made.
  const described = stack.includes(message) && stack !== '' ? stack : stack === '' ? head : `${head}\n${stack}`;
  const code = newCode(thrown, described);
  return code === undefined ? described : described.replace(/$/m, () => ` (code ${code})`);
}

/** The code of an error as text, where it has one that is not in its description. */
function newCode(thrown: unknown, description: string): string | undefined {
  const code = property(thrown, 'code');
  if (typeof code !== 'string' && typeof code !== 'number') return undefined;
  return description.includes(String(code)) ? undefined : String(code);
}

function text(value: unknown, name: string): string | undefined {
  const found = property(value, name);
  return typeof found === 'string' ? found : undefined;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
