import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { serviceNames, type Addresses, type ServiceName } from '@nask/dev-stack';
import type { Environment } from '@nask/service';
import { foldersOf, opsPortsOf, type LocalSettings } from '../config.ts';
import type { LocalProgram } from '../program-settings.ts';
import { writeSecretFile } from '../running-system.ts';

/** Webhooks of the local system may go to this machine: that is where a person who tries it out listens. */
const loopback = '127.0.0.0/8,::1/128';

/** What the programs of a local system get as their settings. */
interface Environments {
  /** A key of this run for the tools of this machine. Undefined where the API needs none. */
  readonly localKey: LocalKey | undefined;
  /** The variables of the contract. */
  readonly contract: Record<string, string>;
  /** The variables of each service. */
  service(name: ServiceName): Record<string, string> & { OPS_PORT: string };
  /** The whole environment of each program, this process's included. */
  all(): Record<LocalProgram, Environment>;
}

export function createEnvironments(settings: LocalSettings, addresses: Addresses): Environments {
  const opsPorts = opsPortsOf(settings);
  const localKey = createLocalKey(foldersOf(settings).root, process.env.API_KEYS);
  const contract = {
    KAFKA_BROKERS: addresses.brokers.join(','),
    SCHEMA_REGISTRY_URL: addresses.registryUrl,
    MONGODB_URL: addresses.mongoUrl,
    MONGODB_DATABASE: settings.MONGODB_DATABASE,
    TOPIC_PREFIX: settings.TOPIC_PREFIX,
  };

  /** Settings that a service has on this machine and not in production. */
  function ownSettings(name: ServiceName): Record<string, string> {
    const own: Record<string, string> = {};
    if (name === 'gateway') own.PORT = String(settings.PORT);
    if (name === 'gateway' && localKey) own.API_KEYS = localKey.apiKeys;
    // What the broker of @nask/dev-stack takes; another may take less.
    if (name === 'executor' && settings.KAFKA_BROKERS === undefined) own.KAFKA_MAX_COMMIT_METADATA = '65536';
    if (name === 'notifier') own.WEBHOOK_ALLOWED_NETWORKS = process.env.WEBHOOK_ALLOWED_NETWORKS ?? loopback;
    return own;
  }

  const service = (name: ServiceName) => ({ ...contract, ...ownSettings(name), OPS_PORT: String(opsPorts[name]) });

  return {
    localKey,
    contract,
    service,
    all() {
      const full = (own: Record<string, string>) => ({ ...process.env, ...own });
      const ofServices = serviceNames.map((name) => [name, full(service(name))] as const);
      return { contract: full(contract), ...(Object.fromEntries(ofServices) as Record<ServiceName, Environment>) };
    },
  };
}

/** An API key of one run, with the scopes read and write. */
interface LocalKey {
  /** The user's API_KEYS and this one. */
  readonly apiKeys: string;
  /** Holds the header `authorization: Bearer KEY`, as `curl -H @FILE` takes it; only its owner may read it. */
  readonly file: string;
  write(): void;
}

/**
 * A key for the tools of this machine (`npm run demo`, the requests of the banner): settings have only the hashes of the
 * user's keys.
 * @returns undefined where no key is needed
 */
function createLocalKey(dataFolder: string, apiKeys: string | undefined): LocalKey | undefined {
  const given = (apiKeys ?? '').split(',').filter((key) => key.trim() !== '');
  if (given.length === 0) return undefined;
  const key = randomBytes(32).toString('hex');
  const hash = createHash('sha256').update(key).digest('hex');
  const file = join(dataFolder, 'authorization');
  return {
    apiKeys: [...given, `npm-start:read+write:${hash}`].join(','),
    file,
    write: () => writeSecretFile(file, `authorization: Bearer ${key}\n`),
  };
}
