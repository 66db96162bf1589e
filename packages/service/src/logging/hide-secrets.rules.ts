const secretFields: ReadonlySet<string> = new Set([
  'authorization',
  'Authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'apiKey',
  'apiKeys',
  'api_key',
  'password',
  'passphrase',
  'secret',
  'secrets',
  'token',
  'accessToken',
  'access_token',
  'clientSecret',
  'client_secret',
  'webhookSecret',
  'webhookSecrets',
  'webhook_secret',
  'webhook-signature',
]);

/** Deep enough for { err: { request: { options: { headers: { authorization } } } } }; it bounds circles as well. */
const maxLevels = 6;

/**
 * Replaces fields that are named like a secret, however they came there. A walk, because most lines are flat: paths with
 * wildcards, as pino's own redaction has them, cost every line as much as the deepest one.
 * @returns the same object when it has none, else a copy; errors are left alone, for they are serialised first
 */
export function hideSecretFields<T extends object>(fields: T): T {
  return hiddenIn(fields, maxLevels) as T;
}

function hiddenIn(value: unknown, levels: number): unknown {
  if (typeof value !== 'object' || value === null || levels === 0 || value instanceof Error) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => hiddenIn(item, levels - 1));
    return items.some((item, i) => item !== value[i]) ? items : value;
  }
  let changed: Record<string, unknown> | undefined;
  for (const [name, inner] of Object.entries(value)) {
    const shown = secretFields.has(name) ? '[redacted]' : hiddenIn(inner, levels - 1);
    if (shown !== inner) (changed ??= {})[name] = shown;
  }
  return changed === undefined ? value : { ...value, ...changed };
}

// Both expressions take linear time on any text: each has one fixed place to begin at, and what follows is bounded or
// does not overlap with what may come after it. A backslash takes the next character with it, so that they also work
// on text inside a JSON string.
const userInfo = /:\/\/(?:[^\s"\\/?#]|\\.)*@/g;
const secretParameter =
  /([?&][\w.-]{0,40}?(?:password|passwd|secret|token|api[_-]?key|signature)[\w.-]{0,40}=)[^&\s"\\#]*/gi;

/** Replaces the user information and the secret query parameters of all URLs in a text by ***. */
export function hideUrlCredentials(text: string): string {
  if (!text.includes('://')) return text;
  return text.replace(userInfo, '://***@').replace(secretParameter, '$1***');
}
