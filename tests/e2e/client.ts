import type { TaskResource } from '@nask/schemas';

export interface Answer<Body = TaskResource> {
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
