import type { ServiceName } from '@nask/dev-stack';

/** Webhooks of the local system may go to this machine: that is where a person who tries it out listens. */
const loopback = '127.0.0.0/8,::1/128';

/**
 * Settings that a service has on this machine and not in production.
 * @param isOwnKafka whether the broker is that of @nask/dev-stack
 */
export function localServiceEnv(name: ServiceName, { isOwnKafka }: { isOwnKafka: boolean }) {
  const env: Record<string, string> = {};
  // What our broker takes; another may take less.
  if (name === 'executor' && isOwnKafka) env.KAFKA_MAX_COMMIT_METADATA = '65536';
  if (name === 'notifier') env.WEBHOOK_ALLOWED_NETWORKS = process.env.WEBHOOK_ALLOWED_NETWORKS ?? loopback;
  return env;
}
