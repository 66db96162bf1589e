import { join } from 'node:path';
import { composeReader, verdict } from './tools.ts';

export const composeFile = join(import.meta.dirname, '..', '..', 'docker-compose.yml');

export interface ComposeService {
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
    const entries = Object.entries<unknown>(service.environment ?? {});
    service.environment = Object.fromEntries(entries.map(([key, value]) => [key, String(value ?? '')]));
  }
  return compose;
}
