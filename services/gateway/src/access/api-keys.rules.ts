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

/**
 * What is wrong with a key as the settings have it: `name:scope+scope:hash`, the hash in hexadecimal. None of its text
 * is shown: a part in the wrong place may be the key itself.
 */
export function apiKeyFault(text: string): string | undefined {
  const parts = text.split(':');
  const [name = '', scopes = '', hash = ''] = parts;
  if (parts.length !== 3) return `${parts.length} of 3 parts (name:scopes:hash)`;
  const faults = [
    ...(/^[\w.-]{1,64}$/.test(name) ? [] : ['a wrong name (1 to 64 letters, digits, dots, hyphens, underscores)']),
    ...(/^(?:read|write|admin)(?:\+(?:read|write|admin))*$/i.test(scopes)
      ? []
      : ['wrong scopes (read, write, admin, with + between them)']),
    ...(/^[\da-f]{64}$/i.test(hash) ? [] : ['a wrong hash (SHA-256 of the key, 64 hexadecimal digits)']),
  ];
  return faults.length === 0 ? undefined : faults.join(' and ');
}

/** @param text has no apiKeyFault */
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
