import {
  runContract,
  spawnService,
  serviceEnv,
  type Isolation,
  type ServiceUnderTest,
  type TestServers,
} from '@nask/testkit';
import { serviceNames, type ServiceName } from '@nask/dev-stack';
import type { TaskResource } from '@nask/schemas';

/** The whole system: the contract applied, and the four services as processes of their own. */
export interface System {
  readonly client: Client;
  readonly topicPrefix: string;
  service(name: ServiceName): ServiceUnderTest;
  /** Stops the services. */
  close(): Promise<void>;
}

/** The settings of all services of a system. */
export function systemEnv(
  isolation: Isolation,
  servers: TestServers,
  settings: Record<string, string> = {},
): Record<string, string> {
  return { ...serviceEnv(isolation, servers), WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8', ...settings };
}

/**
 * Starts the system on real servers, apart from whatever else uses them.
 * @param settings more settings, for all services
 * @param ownSettings more settings, for one service each
 */
export async function startSystem(
  isolation: Isolation,
  servers: TestServers,
  settings: Record<string, string> = {},
  ownSettings: Partial<Record<ServiceName | 'contract', Record<string, string>>> = {},
): Promise<System> {
  const env = systemEnv(isolation, servers, settings);
  await runContract({ ...env, ...ownSettings.contract });
  const started = await Promise.allSettled(
    serviceNames.map((name) => spawnService(name, { ...env, ...ownSettings[name] })),
  );
  const running = new Map<ServiceName, ServiceUnderTest>();
  for (const [i, result] of started.entries())
    if (result.status === 'fulfilled') running.set(serviceNames[i]!, result.value);
  const close = async () => {
    await Promise.all([...running.values()].map((service) => service.close()));
  };
  const failed = started.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    await close();
    throw failed.reason;
  }
  return {
    client: new Client(running.get('gateway')!.url),
    topicPrefix: isolation.topicPrefix,
    service: (name) => running.get(name)!,
    close,
  };
}

interface Answer<Body = TaskResource> {
  status: number;
  headers: Headers;
  body: Body;
}

/** A client of the REST API over real HTTP. Every request has a limit of its own, so that none can hang a test. */
export class Client {
  readonly #baseUrl: string;
  readonly #timeoutMs: number;

  constructor(baseUrl: string, timeoutMs = 90_000) {
    this.#baseUrl = baseUrl;
    this.#timeoutMs = timeoutMs;
  }

  post(task: { type: string; payload: unknown; notify_url?: string }): Promise<Answer> {
    return this.#request('/api/tasks', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(task),
    });
  }

  get(id: number): Promise<Answer> {
    return this.#request(`/api/tasks/${id}`);
  }

  /** The status alone: it has no body when it works. */
  async erase(id: number): Promise<number> {
    const init = { method: 'DELETE', signal: AbortSignal.timeout(this.#timeoutMs) };
    return (await fetch(`${this.#baseUrl}/api/tasks/${id}`, init)).status;
  }

  list(query = ''): Promise<Answer<{ tasks: TaskResource[] }>> {
    return this.#request(`/api/tasks${query}`);
  }

  async #request<Body>(path: string, init: RequestInit = {}): Promise<Answer<Body>> {
    const response = await fetch(this.#baseUrl + path, { ...init, signal: AbortSignal.timeout(this.#timeoutMs) });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
  }
}
