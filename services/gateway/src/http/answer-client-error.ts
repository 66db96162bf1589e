import { randomUUID } from 'node:crypto';
import { maxHeaderSize, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from '@nask/kafka';
import { securityHeaders } from '../access/request-origin.ts';
import { problem, type Problem } from './problems.ts';

/**
 * Makes the listener that answers what Node could not make a request of, and headers that are too slow, with a problem
 * detail: there is no response object, so the whole answer is written to the socket. Answers to requests before it are
 * on the socket already.
 */
export function answerClientError(logger: Logger): (error: NodeJS.ErrnoException, socket: Duplex) => void {
  return (error, socket) => {
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const problem = problemOfCode(error.code);
    const requestId = randomUUID();
    logger.debug({ err: error, requestId, problem: problem.body.type }, 'What came is no request');
    socket.end(overTheWire(problem, requestId));
  };
}

function problemOfCode(code: string | undefined): Problem {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return problem('request-timeout', 'The headers or the body of the request did not arrive in time.');
    case 'HPE_HEADER_OVERFLOW':
      return problem('headers-too-large', `The headers are larger than ${maxHeaderSize} bytes.`);
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return problem('body-too-large', 'The extensions of the chunks of the body are too large.');
    default:
      return problem('malformed-request', 'The request is not valid HTTP/1.1.');
  }
}

function overTheWire({ body }: Problem, requestId: string): string {
  const text = JSON.stringify(body);
  return [
    `HTTP/1.1 ${body.status} ${STATUS_CODES[body.status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(text)}`,
    `X-Request-Id: ${requestId}`,
    ...Object.entries(securityHeaders).map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
    '',
    text,
  ].join('\r\n');
}
