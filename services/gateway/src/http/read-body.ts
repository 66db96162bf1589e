import type { IncomingMessage } from 'node:http';
import body from 'co-body';
import { MalformedJsonError } from '../errors.ts';
import { HttpProblem } from './problem.ts';

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
