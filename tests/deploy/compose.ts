import { join } from 'node:path';
import { isServiceName, serviceNames } from '@nask/dev-stack';
import { composeReader, verdict } from '../tools.ts';
import { environmentFaults } from './programs.ts';

export const composeFile = join(import.meta.dirname, '..', '..', 'docker-compose.yml');

interface ComposeService {
  image: string;
  build?: object;
  command?: string[];
  environment?: Record<string, string>;
  ports?: { host_ip?: string; published: string; target: number }[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { disable?: boolean; test?: string[] };
  read_only?: boolean;
  cap_drop?: string[];
  init?: boolean;
  stop_grace_period?: string;
  volumes?: { type: string; source: string; target: string }[];
}

export interface Compose {
  services: Record<string, ComposeService>;
  volumes?: Record<string, unknown>;
}

/** A file as Docker Compose understands it, all profiles included. @throws Error with what it says of a wrong one */
export async function readCompose(file: string): Promise<Compose> {
  const env = { COMPOSE_PROFILES: 'monitoring' };
  const { ok, output } = await verdict(await composeReader(), ['-format', 'json', file], env);
  if (!ok) throw new Error(output);
  const compose = JSON.parse(output) as Compose;
  // Numbers in the file are texts in a container.
  for (const service of Object.values(compose.services)) {
    const entries = Object.entries<string | number | null>(service.environment ?? {});
    service.environment = Object.fromEntries(entries.map(([key, value]) => [key, String(value ?? '')]));
  }
  return compose;
}

/** What is wrong with the system that Compose makes: one line for each fault. */
export function composeFaults({ services: all, volumes = {} }: Compose): string[] {
  const missing = serviceNames.filter((name) => !(name in all)).map((name) => `there is no ${name}`);
  const named = Object.values(all).flatMap(({ volumes: mounts = [] }) =>
    mounts.filter(({ type }) => type === 'volume'),
  );
  const unknown = named
    .filter(({ source }) => !(source in volumes))
    .map(({ source }) => `there is no volume ${source}`);
  const ofServices = Object.entries(all).flatMap(([name, service]) => serviceFaults(name, service, all));
  return [...missing, ...unknown, ...ofServices];
}

function serviceFaults(name: string, service: ComposeService, all: Compose['services']): string[] {
  const faults: string[] = [];
  const must = (isTrue: boolean, fault: string) => void (isTrue || faults.push(`${name}: ${fault}`));
  must(/^[^:@]+:[\w.-]*\d[\w.-]*$/.test(service.image), `${service.image} is not pinned by version`);
  for (const { host_ip: address, published } of service.ports ?? [])
    must(address === '127.0.0.1', `port ${published} is open to ${address ?? 'everybody'}`);
  for (const [other, { condition }] of Object.entries(service.depends_on ?? {}))
    must(
      condition !== 'service_healthy' || all[other]?.healthcheck?.test !== undefined || isOurs(all[other]),
      `waits for the health of ${other}, which has no check`,
    );
  if (!isOurs(service)) return faults;

  const environment = new Map(Object.entries(service.environment ?? {}));
  for (const fault of environmentFaults(service.command?.[0] ?? '', environment)) must(false, fault);
  must(service.read_only === true, 'can write its root file system');
  must(service.cap_drop?.includes('ALL') === true, 'keeps capabilities');
  must(service.init === true, 'has no init');
  if (!isServiceName(name)) return faults;
  must(service.depends_on?.contract?.condition === 'service_completed_successfully', 'does not wait for the contract');
  must(service.stop_grace_period === '35s', 'is killed while it may still drain');
  must(name === 'gateway' || service.ports === undefined, 'cannot be scaled: it has a port of the machine');
  return faults;
}

function isOurs(service: ComposeService | undefined): boolean {
  return service?.build !== undefined;
}
