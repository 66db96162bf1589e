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
