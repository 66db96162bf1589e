import { onAbort } from '@nask/async';
import { LRUCache } from 'lru-cache';
import { Pool, type buildConnector, type Dispatcher } from 'undici';
import type { AddressPolicy } from './address-policy.rules.ts';
import { resultOfAnswer, type AttemptResult } from './attempt-result.rules.ts';
import type { WebhookHeaders } from '../signing/webhook-signature.rules.ts';
import type { WebhookTarget } from './webhook.rules.ts';
import { AddressForbiddenError, createGuardedConnector, type HostResolver } from './guarded-connector.ts';

interface WebhookRequest {
  target: WebhookTarget;
  /** W3C trace context: the receiver's work can be part of the trace. */
  headers: WebhookHeaders & { traceparent?: string };
  /** JSON text. */
  body: string;
}

/** How an attempt ended. */
export interface SentWebhook {
  result: AttemptResult;
  /** The beginning of the answer's body as UTF-8; undefined: there was none, or none is kept. */
  answerStart?: string;
}

export interface HttpSender {
  /**
   * Makes one attempt. Whatever the receiver or the network does is a result.
   * @throws the signal's reason when that ended it
   */
  send(request: WebhookRequest, signal: AbortSignal): Promise<SentWebhook>;
  /** Ends every connection at once. */
  close(): Promise<void>;
}

export interface HttpSenderOptions {
  policy: AddressPolicy;
  resolve: HostResolver;
  userAgent: string;
  /** From the start of an attempt to the last byte of the answer that is read. */
  timeoutMs: number;
  /** The part of it that looking up, connecting and TLS may take. */
  connectTimeoutMs: number;
  /** How much of the beginning of an answer's body is kept. */
  keepAnswerBytes: number;
  connectionsPerOrigin: number;
  /** Origins (scheme, host, port) to which connections are kept. Default 2,000. */
  maxOrigins?: number;
  /** The time, in milliseconds since 1970. */
  nowMs: () => number;
}

/** How much of an answer's body is read before the connection is dropped. */
const maxAnswerBytes = 16_384;

class AttemptTimeoutError extends Error {
  override readonly name = 'AttemptTimeoutError';
}

/**
 * POSTs webhooks with undici. The receiver's status decides; of its body only the beginning is of interest, to people.
 * It is read so that the connection can be used again.
 */
export function createHttpSender(options: HttpSenderOptions): HttpSender {
  const pools = createOriginPools(createGuardedConnector(options), options);

  async function attempt({ target, headers, body }: WebhookRequest, signal: AbortSignal): Promise<SentWebhook> {
    const answer = await pools.pool(target.origin).request({
      method: 'POST',
      path: target.path,
      headers: {
        ...headers,
        'content-type': 'application/json',
        'user-agent': options.userAgent,
        ...(target.authorization === undefined ? {} : { authorization: target.authorization }),
      },
      body,
      signal,
    });
    const answerStart = await readStart(answer.body, options.keepAnswerBytes);
    const { statusCode: status, headers: answerHeaders } = answer;
    const result = resultOfAnswer({ status, retryAfter: single(answerHeaders['retry-after']) }, options.nowMs());
    return answerStart === '' ? { result } : { result, answerStart };
  }

  return {
    async send(request, signal) {
      signal.throwIfAborted();
      const attemptEnd = new AbortController();
      const timer = setTimeout(() => attemptEnd.abort(new AttemptTimeoutError()), options.timeoutMs);
      const stopListening = onAbort(signal, () => attemptEnd.abort(signal.reason));
      try {
        return await attempt(request, attemptEnd.signal);
      } catch (error) {
        signal.throwIfAborted();
        return { result: resultOfError(error) };
      } finally {
        clearTimeout(timer);
        stopListening();
      }
    },
    close: () => pools.close(),
  };
}

/**
 * Reads the body to its end or its limit; beyond that the connection is dropped. What the receiver does after its status
 * line, even breaking the connection, does not change the result.
 */
async function readStart(body: Dispatcher.ResponseData['body'], keepAnswerBytes: number): Promise<string> {
  const kept: Buffer[] = [];
  let keptBytes = 0;
  let readBytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      readBytes += chunk.length;
      const wanted = chunk.subarray(0, keepAnswerBytes - keptBytes);
      if (wanted.length > 0) kept.push(wanted);
      keptBytes += wanted.length;
      if (readBytes > maxAnswerBytes) break;
    }
  } catch {
    // The status has come; that is what counts.
  }
  // As a stream: a character that the limit cuts in two is left out.
  return new TextDecoder().decode(Buffer.concat(kept), { stream: true });
}

function resultOfError(error: unknown): AttemptResult {
  if (error instanceof AddressForbiddenError) return { kind: 'forbidden', network: error.network };
  const { code, name } = error as NodeJS.ErrnoException;
  if (error instanceof AttemptTimeoutError || code === 'UND_ERR_CONNECT_TIMEOUT') return { kind: 'timeout' };
  return { kind: 'unreachable', cause: code ?? name };
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/**
 * Keeps connections alive for the origins that were last sent to. Beyond `maxOrigins`, the pool that was used longest
 * ago is closed as soon as what it still sends has ended.
 */
function createOriginPools(
  connector: buildConnector.connector,
  { connectionsPerOrigin, maxOrigins = 2_000 }: Pick<HttpSenderOptions, 'connectionsPerOrigin' | 'maxOrigins'>,
) {
  const open = new Set<Pool>();

  const pools = new LRUCache<string, Pool>({
    max: maxOrigins,
    dispose: (pool) => {
      void pool.close().then(() => open.delete(pool));
    },
  });

  function createPool(origin: string): Pool {
    const pool = new Pool(origin, {
      connect: connector,
      connections: connectionsPerOrigin,
      pipelining: 1,
      keepAliveTimeout: 4000,
      keepAliveMaxTimeout: 60_000,
      // One deadline bounds an attempt as a whole: the sender's.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    open.add(pool);
    return pool;
  }

  return {
    /** The pool of an origin (scheme, host and port), made when there is none. */
    pool(origin: string): Pool {
      const known = pools.get(origin);
      if (known !== undefined) return known;
      const created = createPool(origin);
      pools.set(origin, created);
      return created;
    },
    /** Ends every connection at once. */
    async close(): Promise<void> {
      await Promise.all([...open].map((pool) => pool.destroy()));
    },
  };
}
