import type { IncomingMessage } from 'node:http';
import body from 'co-body';
import type { Context } from 'koa';
import { InvalidRequestError, MalformedJsonError } from '../errors.ts';
import type { ProblemName } from './problem-types.ts';
import { HttpProblem } from './problems.ts';

/** What any request with a body can be answered. */
export const bodyProblems: readonly ProblemName[] = ['body-too-large', 'unsupported-media-type', 'validation'];

export interface BodyLimits {
  maxBodyBytes: number;
  /** How long a body may take to arrive after the headers. */
  bodyTimeoutMs: number;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a body as text. Compressed bodies are refused: with the limit there is nothing to save.
 * @throws HttpProblem when it is compressed, too large, too slow or incomplete; MalformedJsonError when it is not UTF-8
 */
export async function readBodyText(request: IncomingMessage, limits: BodyLimits): Promise<string> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity')
    throw new HttpProblem(
      'unsupported-media-type',
      'Compressed bodies are not taken; send it without Content-Encoding.',
      {
        'Accept-Encoding': 'identity',
      },
    );
  const bytes = await inTime(readBytes(request, limits.maxBodyBytes), limits.bodyTimeoutMs);
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw new MalformedJsonError('it is not UTF-8', { cause: error });
  }
}

async function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  try {
    // Without an encoding co-body hands out the bytes; its own decoding would replace what is not UTF-8.
    return (await body.text(request, { limit: maxBytes, encoding: null as unknown as string })) as Buffer;
  } catch (error) {
    if ((error as { type?: string }).type === 'entity.too.large')
      throw new HttpProblem('body-too-large', `The body is larger than ${maxBytes} bytes.`);
    throw new HttpProblem('malformed-request', 'The request ended before its body was complete.');
  }
}

/** The connection of a body that is too slow is closed with the answer: there is no end of it to wait for. */
function inTime(bytes: Promise<Buffer>, timeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const detail = `The body did not arrive within ${timeoutMs} ms.`;
      reject(new HttpProblem('request-timeout', detail, { Connection: 'close' }));
    }, timeoutMs);
    bytes.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** @throws HttpProblem when the body is not said to be JSON in UTF-8, which is all that RFC 8259 knows */
function assertJson(ctx: Context): void {
  // What nearly all send, without the look at what else it may mean.
  if (ctx.req.headers['content-type'] === 'application/json') return;
  if (ctx.is('json', '+json') === false || ctx.get('content-type') === '')
    throw new HttpProblem('unsupported-media-type', 'The body has to be sent with Content-Type: application/json.');
  const { charset } = ctx.request;
  if (charset !== '' && !/^utf-?8$/i.test(charset))
    throw new HttpProblem('unsupported-media-type', `JSON is sent in UTF-8, not in ${charset}.`);
}

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

/** A body of JSON, parsed. */
export async function readJson(ctx: Context, limits: BodyLimits): Promise<unknown> {
  assertJson(ctx);
  return parseJsonText(await readBodyText(ctx.req, limits));
}
