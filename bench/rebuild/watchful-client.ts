import { randomInt } from 'node:crypto';
import type { EventLog } from '../../services/projector/src/fixtures/event-log.ts';
import { lifeOfTask } from '../../services/projector/src/fixtures/task-events.ts';

/**
 * A client of the gateway that notices when a read fails, when one is older than the write whose token it carries, and
 * when one is older than what this client has read before.
 */
export interface WatchfulClient {
  readonly reads: number;
  /** What it noticed, for people. */
  readonly faults: readonly string[];
  /** Posts tasks, at most 1,000, reads one of them without their token and one by it, and writes the rest of their lives. */
  addTasks(count: number): Promise<void>;
  /**
   * Lists the tasks that were accepted since the last ones were posted, by the token of those: they are among them. (Some
   * stores read every task for a list that has no such bound.)
   */
  listNewest(): Promise<void>;
  /** Erases one of the tasks that have ended; by its token, the read that follows finds it erased. */
  eraseOne(): Promise<void>;
  /** Reads any of its tasks, one of the latest among three. */
  readOne(): Promise<void>;
}

/** How far a task is, as a client sees it: it only ever goes up. */
const ranks = { PENDING: 0, STARTED: 1, SUCCESS: 2 } as const;
const rankDelivered = 3;
const rankErased = 4;

interface TaskAnswer {
  id: number;
  status: keyof typeof ranks;
  notification?: { state: string };
}

interface Posted {
  /** The ids. */
  added: number[];
  token: string;
  /** No earlier were they accepted. */
  atMs: number;
}

const tokenHeader = 'consistency-token';

export function createWatchfulClient({ url, log }: { url: string; log: Pick<EventLog, 'write'> }): WatchfulClient {
  const ids: number[] = [];
  const seen = new Map<number, number>();
  const faults: string[] = [];
  let reads = 0;
  let newest: Posted = { added: [], token: '', atMs: 0 };

  /** @returns the status, with the reason of a failure */
  async function read(path: string, token?: string): Promise<{ status: number | string; body: unknown }> {
    reads += 1;
    try {
      const answer = await fetch(`${url}${path}`, { headers: token === undefined ? {} : { [tokenHeader]: token } });
      const body: unknown = await answer.json();
      return { status: answer.status < 500 ? answer.status : `${answer.status} ${JSON.stringify(body)}`, body };
    } catch (error) {
      return { status: (error as Error).message, body: undefined };
    }
  }

  function notice(id: number, rank: number, before: number): void {
    if (rank < before) faults.push(`task ${id} went back from ${before} to ${rank}`);
    seen.set(id, Math.max(rank, seen.get(id) ?? 0));
  }

  async function readTask(id: number, token?: string): Promise<number> {
    const before = seen.get(id) ?? 0;
    const { status, body } = await read(`/api/tasks/${id}`, token);
    const rank = status === 200 ? rankOf(body as TaskAnswer) : status === 410 ? rankErased : -1;
    if (rank === -1) faults.push(`task ${id} was answered ${status}`);
    else notice(id, rank, before);
    return rank;
  }

  async function post(count: number): Promise<Posted> {
    const atMs = Date.now();
    const tasks = Array.from({ length: count }, () => ({ type: 'prime', payload: { input: 1 + randomInt(100) } }));
    const answer = await fetch(`${url}/api/tasks/batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ tasks }),
    });
    const { results } = (await answer.json()) as { results: { task: { id: number } }[] };
    return { added: results.map(({ task }) => task.id), token: answer.headers.get(tokenHeader)!, atMs };
  }

  return {
    get reads() {
      return reads;
    },
    faults,
    async addTasks(count) {
      const posted = await post(count);
      const { added, token } = posted;
      await readTask(added.at(-1)!);
      await readTask(added[0]!, token);
      newest = posted;
      await log.write(added.flatMap((id) => lifeOfTask(id).slice(1)));
      ids.push(...added);
    },
    async listNewest() {
      const { added, token, atMs } = newest;
      const before = new Map(seen);
      const query = `order=-created_at&created_after=${new Date(atMs).toISOString()}`;
      const { status, body } = await read(`/api/tasks?${query}`, token);
      if (status !== 200) return void faults.push(`a list was answered ${status}`);
      const listed = new Map((body as { tasks: TaskAnswer[] }).tasks.map((task) => [task.id, task]));
      for (const id of added) if (!listed.has(id)) faults.push(`task ${id} is not in the list`);
      for (const task of listed.values()) notice(task.id, rankOf(task), before.get(task.id) ?? 0);
    },
    async eraseOne() {
      const id = ids.find((known) => (seen.get(known) ?? 0) === rankDelivered);
      if (id === undefined) return;
      const answer = await fetch(`${url}/api/tasks/${id}`, { method: 'DELETE' });
      const rank = await readTask(id, answer.headers.get(tokenHeader)!);
      if (rank !== rankErased) faults.push(`task ${id}, erased with ${answer.status}, was read as ${rank}`);
    },
    async readOne() {
      const from = randomInt(3) === 0 ? Math.max(0, ids.length - 20) : 0;
      await readTask(ids[from + randomInt(ids.length - from)]!);
    },
  };
}

function rankOf({ status, notification }: TaskAnswer): number {
  return notification?.state === 'DELIVERED' ? rankDelivered : ranks[status];
}
