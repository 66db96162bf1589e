import type { Dispatcher } from 'undici';
import type { AddressPolicy } from '../domain/address-policy.ts';
import { resultOfAnswer, type AttemptResult } from '../domain/attempt-result.ts';
import { onAbort } from '../domain/on-abort.ts';
import type { WebhookHeaders } from '../domain/webhook-signature.ts';
import type { WebhookTarget } from '../domain/webhook-target.ts';
import { AddressForbiddenError, createGuardedConnector } from './guarded-connector.ts';
import type { HostResolver } from './host-resolver.ts';
import { createOriginPools } from './origin-pools.ts';

export interface WebhookRequest {
  target: WebhookTarget;
  headers: WebhookHeaders;
  /** JSON text. */
  body: string;
}

export interface HttpSender {
  /**
   * Makes one attempt. Whatever the receiver or the network does is a result.
   * @throws the signal's reason when that ended it
   */
  send(request: WebhookRequest, signal: AbortSignal): Promise<AttemptResult>;
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
  /** How much of an answer's body is read before the connection is dropped. */
  maxAnswerBytes: number;
  connectionsPerOrigin: number;
  maxOrigins: number;
  /** The time, in milliseconds since 1970. */
  now: () => number;
}

class AttemptTimeoutError extends Error {
  override readonly name = 'AttemptTimeoutError';
}

/**
 * POSTs webhooks with undici. The receiver's status decides; its body is of no interest, and is read only so that
 * the connection can be used again.
 */
export function createHttpSender(options: HttpSenderOptions): HttpSender {
  const pools = createOriginPools({ ...options, connector: createGuardedConnector(options) });

  async function attempt({ target, headers, body }: WebhookRequest, signal: AbortSignal): Promise<AttemptResult> {
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
    await dropBody(answer.body, options.maxAnswerBytes);
    return resultOfAnswer(
      { status: answer.statusCode, retryAfter: single(answer.headers['retry-after']) },
      options.now(),
    );
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
        return resultOfError(error);
      } finally {
        clearTimeout(timer);
        stopListening();
      }
    },
    close: () => pools.close(),
  };
}

/** What the receiver does after its status line, even breaking the connection, does not change the result. */
async function dropBody(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<void> {
  await body.dump({ limit: maxBytes }).catch(() => undefined);
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
