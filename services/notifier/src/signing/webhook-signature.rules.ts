import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

/** A Standard Webhooks secret was not written as that specification says. The message never repeats the secret. */
export class InvalidSecretError extends Error {
  readonly code = 'INVALID_SECRET';

  constructor(position: number, problem: string) {
    super(`secret ${position + 1} ${problem}; a secret is whsec_ and the base64 of 24 to 64 random bytes`);
    this.name = 'InvalidSecretError';
  }
}

/** The headers of the Standard Webhooks specification 1.0.0. */
export type WebhookHeaders = {
  'webhook-id': string;
  'webhook-timestamp': string;
  'webhook-signature'?: string;
};

export interface WebhookSigner {
  /** Whether there is a secret: without one the headers have no signature. */
  readonly signs: boolean;
  /**
   * The headers for one attempt.
   * @param message.id the same for each attempt at one webhook
   * @param message.timestampMs of this attempt, in milliseconds since 1970
   */
  headers(message: { id: string; timestampMs: number; body: string }): WebhookHeaders;
}

const prefix = 'whsec_';

/**
 * Signs by the symmetric scheme `v1` of Standard Webhooks 1.0.0: HMAC-SHA256 over `id.timestamp.body`, the timestamp in
 * whole seconds. Each secret gives a signature, in the order given, so that a receiver can change to a new secret
 * while the old one is still in use.
 * @throws InvalidSecretError
 */
export function createWebhookSigner(secrets: readonly string[]): WebhookSigner {
  const keys = secrets.map(keyOf);
  return {
    signs: keys.length > 0,
    headers({ id, timestampMs, body }) {
      const timestamp = String(Math.floor(timestampMs / 1000));
      const headers: WebhookHeaders = { 'webhook-id': id, 'webhook-timestamp': timestamp };
      if (keys.length > 0) {
        const signed = `${id}.${timestamp}.${body}`;
        headers['webhook-signature'] = keys.map((key) => `v1,${hmac(key, signed)}`).join(' ');
      }
      return headers;
    },
  };
}

function hmac(key: KeyObject, text: string): string {
  return createHmac('sha256', key).update(text, 'utf8').digest('base64');
}

function keyOf(secret: string, position: number): KeyObject {
  if (!secret.startsWith(prefix)) throw new InvalidSecretError(position, `does not begin with ${prefix}`);
  const encoded = secret.slice(prefix.length);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) throw new InvalidSecretError(position, 'is not base64');
  const key = Buffer.from(encoded, 'base64');
  if (key.length < 24 || key.length > 64) throw new InvalidSecretError(position, `has ${key.length} bytes`);
  return createSecretKey(key);
}
