import { createHash, timingSafeEqual } from 'node:crypto';

/** What a key allows: read tasks; post and cancel them; what concerns all of them, or cannot be undone. */
export type Scope = 'read' | 'write' | 'admin';

/** A client that has a key. */
export interface ApiClient {
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
}

/** A client and the SHA-256 of its key. The key itself is nowhere. */
export interface ApiKey extends ApiClient {
  readonly hash: Buffer;
}

/** How a key is written in the settings: `name:scope+scope:hash`, the hash in hexadecimal. */
export const apiKeyPattern = /^[\w.-]{1,64}:(?:read|write|admin)(?:\+(?:read|write|admin))*:[\da-f]{64}$/i;

/** @param text matches `apiKeyPattern` */
export function apiKeyOf(text: string): ApiKey {
  const [name = '', scopes = '', hash = ''] = text.split(':');
  return { name, scopes: new Set(scopes.toLowerCase().split('+') as Scope[]), hash: Buffer.from(hash, 'hex') };
}

/**
 * The client whose key this is. The key is hashed and compared with each of the hashes, in a time that does not depend
 * on how much of one is right. Plain SHA-256 is enough for keys that are random and long.
 */
export function clientOf(keys: readonly ApiKey[], key: string): ApiClient | undefined {
  const hash = createHash('sha256').update(key).digest();
  let client: ApiClient | undefined;
  for (const known of keys) if (timingSafeEqual(known.hash, hash)) client = known;
  return client;
}

/** The key in the header `Authorization: Bearer KEY` (RFC 6750); undefined when it has none. */
export function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer +([\w.~+/-]+=*) *$/i.exec(header ?? '')?.[1];
}
