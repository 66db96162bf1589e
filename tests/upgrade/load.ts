import assert from 'node:assert/strict';
import { setInterval } from 'node:timers/promises';
import { hasEnded, type TaskResource } from '@nask/schemas';
import { eventually } from '@nask/testkit';

/** A gateway that clients use. */
export interface GatewayAddress {
  readonly name: string;
  readonly url: string;
}

/** The body of a POST. */
interface PostedTask {
  readonly type: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly notify_url?: string;
  readonly tags?: readonly string[];
  readonly include_result?: boolean;
}

/** How a task has to end. */
interface Ending {
  readonly status: 'SUCCESS' | 'FAILURE' | 'REVOKED';
  readonly result?: unknown;
}

/** What clients do with a task besides reading it. */
type FollowUp = 'cancel' | 'erase' | 'redeliver' | 'repeat the POST';

/** A task that was answered 202. */
export interface AcceptedTask {
  readonly id: number;
  readonly body: PostedTask;
  readonly ending: Ending;
  readonly followUp?: FollowUp;
  readonly idempotencyKey?: string;
  /** The gateway that accepted it. */
  readonly gateway: string;
  /** The gateways that took a follow-up, one entry for each. */
  readonly followedUpBy: string[];
  /** The latest stage that each gateway has shown. */
  readonly shown: Map<string, number>;
}

export type Recipe = Pick<AcceptedTask, 'body' | 'ending' | 'followUp'>;

/** The gateways in use, which change during an upgrade. */
interface Traffic {
  readonly writes: readonly GatewayAddress[];
  readonly reads: readonly GatewayAddress[];
}

const readsPerTick = 2;
const requestTimeoutMs = 30_000;
/** Cancelled tasks are open for about three seconds, so that each step of an upgrade finds some of them. */
const openCancelledTasks = 3;

/**
 * Clients of the REST API at a steady rate: they post tasks of several kinds, read them at random, cancel, erase, repeat
 * POSTs, and ask for webhooks again. Each answer that breaks a promise of the API is a fault.
 */
export class Load {
  /** All tasks that were answered 202, by id. */
  readonly accepted = new Map<number, AcceptedTask>();
  /** Broken promises, for people. */
  readonly faults: string[] = [];
  /** Answers with success, by `METHOD gateway`. */
  readonly answers = new Map<string, number>();
  /** Recipes of POSTs, taken in turn. */
  recipes: readonly Recipe[];
  #traffic: Traffic;
  readonly #isNotified: (id: number) => boolean;
  readonly #intervalMs: number;
  readonly #stopping = new AbortController();
  readonly #inFlight = new Set<Promise<void>>();
  #running: Promise<void> = Promise.resolve();
  #ticks = 0;

  /**
   * @param options.isNotified whether the webhook of a task has arrived
   * @param options.intervalMs from one POST to the next
   */
  constructor(options: {
    recipes: readonly Recipe[];
    traffic: Traffic;
    isNotified: (id: number) => boolean;
    intervalMs?: number;
  }) {
    this.recipes = options.recipes;
    this.#traffic = options.traffic;
    this.#isNotified = options.isNotified;
    this.#intervalMs = options.intervalMs ?? 100;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Posts no more, cancels what is only to be cancelled, and waits for all answers. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    for (const task of this.#waitingFor('cancel')) this.#send(this.#cancel(task));
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
  }

  /** Sends requests to other gateways from now on, and waits for the answers of those before. */
  async redirect(traffic: Traffic): Promise<void> {
    this.#traffic = traffic;
    await Promise.all(this.#inFlight);
  }

  /** Waits until a number of answers with success came from a gateway, from now on. */
  async answered(method: string, gateway: string, count: number): Promise<void> {
    const key = `${method} ${gateway}`;
    const wanted = (this.answers.get(key) ?? 0) + count;
    await eventually(() => assert((this.answers.get(key) ?? 0) >= wanted, `too few answers: ${key}`), {
      intervalMs: 20,
    });
  }

  /** Reads one task. @param gateway default: any of those that are in use */
  async read(task: AcceptedTask, gateway = anyOf(this.#traffic.reads)): Promise<TaskResource | undefined> {
    const before = task.shown.get(gateway.name) ?? 0;
    const { status, body } = await this.#request(gateway, 'GET', `/api/tasks/${task.id}`);
    if (status !== 200 && status !== 410) {
      this.#fault(gateway, `GET of task ${task.id} was answered ${status}`);
      return undefined;
    }
    const stage = status === 410 ? stages.erased : stageOf(body!);
    if (stage < before)
      this.#fault(gateway, `GET of task ${task.id} shows ${body?.status ?? status}, an older state than before`);
    task.shown.set(gateway.name, Math.max(stage, task.shown.get(gateway.name) ?? 0));
    if (status === 410) {
      if (task.followUp !== 'erase') this.#fault(gateway, `GET of task ${task.id} was answered 410`);
      return undefined;
    }
    return body;
  }

  /** Reads the tasks that a gateway has not shown in their last stage yet. @returns the ids of those that it still does not */
  async unfinished(gateway: GatewayAddress): Promise<number[]> {
    const isUnfinished = ({ shown, followUp, followedUpBy }: AcceptedTask) =>
      (shown.get(gateway.name) ?? 0) < (followUp === 'erase' && followedUpBy.length > 0 ? stages.erased : stages.ended);
    const tasks = [...this.accepted.values()].filter(isUnfinished);
    await Promise.all(tasks.map((task) => this.read(task, gateway)));
    return tasks.filter(isUnfinished).map(({ id }) => id);
  }

  async #run(): Promise<void> {
    for await (const _ of setInterval(this.#intervalMs)) {
      if (this.#stopping.signal.aborted) return;
      this.#send(this.#post(this.recipes[this.#ticks % this.recipes.length]!));
      this.#followUp();
      const tasks = [...this.accepted.values()];
      for (let i = 0; i < readsPerTick && tasks.length > 0; i += 1) this.#send(this.read(anyOf(tasks)));
      this.#ticks += 1;
    }
  }

  #send(request: Promise<unknown>): void {
    const settled = request.then(
      () => undefined,
      (error: unknown) => void this.faults.push(String(error)),
    );
    this.#inFlight.add(settled);
    void settled.finally(() => this.#inFlight.delete(settled));
  }

  /** At most one of each kind in a tick. */
  #followUp(): void {
    const waiting = this.#waitingFor('cancel');
    if (waiting.length > openCancelledTasks) this.#send(this.#cancel(waiting[0]!));
    const [toErase] = this.#waitingFor('erase').filter(isSeenEnded);
    if (toErase !== undefined) this.#send(this.#erase(toErase));
    const [toRedeliver] = this.#waitingFor('redeliver').filter(
      (task) => isSeenEnded(task) && this.#isNotified(task.id),
    );
    if (toRedeliver !== undefined) this.#send(this.#redeliver(toRedeliver));
    const keyed = [...this.accepted.values()].filter(({ followUp }) => followUp === 'repeat the POST');
    if (keyed.length > 0) this.#send(this.#repeat(this.#ticks % 2 === 0 ? keyed.at(-1)! : anyOf(keyed)));
  }

  #waitingFor(followUp: FollowUp): AcceptedTask[] {
    return [...this.accepted.values()].filter((task) => task.followUp === followUp && task.followedUpBy.length === 0);
  }

  async #post({ body, ending, followUp }: Recipe): Promise<void> {
    const gateway = anyOf(this.#traffic.writes);
    const idempotencyKey = followUp === 'repeat the POST' ? `key-${this.#ticks}` : undefined;
    const answer = await this.#request(gateway, 'POST', '/api/tasks', { body, idempotencyKey });
    if (answer.status !== 202) {
      this.#fault(gateway, `POST was answered ${answer.status}`);
      return;
    }
    const { id } = answer.body!;
    if (this.accepted.has(id)) this.#fault(gateway, `the id ${id} was given twice`);
    const seen = { gateway: gateway.name, followedUpBy: [], shown: new Map<string, number>() };
    this.accepted.set(id, { id, body, ending, followUp, idempotencyKey, ...seen });
  }

  async #repeat(task: AcceptedTask): Promise<void> {
    const gateway = anyOf(this.#traffic.writes);
    const answer = await this.#request(gateway, 'POST', '/api/tasks', task);
    if (answer.status === 202 && answer.body!.id === task.id) task.followedUpBy.push(gateway.name);
    else
      this.#fault(gateway, `the repeated POST of task ${task.id} was answered ${answer.status}, id ${answer.body?.id}`);
  }

  #cancel(task: AcceptedTask): Promise<void> {
    return this.#act(task, 'POST', `/api/tasks/${task.id}/cancel`, [202]);
  }

  #erase(task: AcceptedTask): Promise<void> {
    return this.#act(task, 'DELETE', `/api/tasks/${task.id}`, [202, 204]);
  }

  #redeliver(task: AcceptedTask): Promise<void> {
    return this.#act(task, 'POST', `/api/tasks/${task.id}/notifications`, [202]);
  }

  async #act(task: AcceptedTask, method: string, path: string, expected: readonly number[]): Promise<void> {
    const gateway = anyOf(this.#traffic.writes);
    // Before the answer: the next tick is not to do it again.
    task.followedUpBy.push(gateway.name);
    const { status } = await this.#request(gateway, method, path);
    if (!expected.includes(status)) this.#fault(gateway, `${method} ${path} was answered ${status}`);
  }

  async #request(
    gateway: GatewayAddress,
    method: string,
    path: string,
    { body, idempotencyKey }: Partial<Pick<AcceptedTask, 'body' | 'idempotencyKey'>> = {},
  ): Promise<{ status: number; body?: TaskResource }> {
    try {
      const response = await fetch(gateway.url + path, {
        method,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(requestTimeoutMs),
      });
      const text = await response.text();
      if (response.ok) {
        const key = `${method} ${gateway.name}`;
        this.answers.set(key, (this.answers.get(key) ?? 0) + 1);
      }
      return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as TaskResource) };
    } catch (error) {
      throw new Error(`${method} ${path} at the gateway of ${gateway.name}: no answer`, { cause: error });
    }
  }

  #fault(gateway: GatewayAddress, text: string): void {
    this.faults.push(`${text}, at the gateway of ${gateway.name}`);
  }
}

/** The stages of a task, in order: no read shows an earlier one than the read before it. */
const stages = { accepted: 0, begun: 1, ended: 2, erased: 3 };

function stageOf({ status }: TaskResource): number {
  if (status === 'PENDING') return stages.accepted;
  return hasEnded(status) ? stages.ended : stages.begun;
}

function isSeenEnded({ shown }: AcceptedTask): boolean {
  return shown.values().some((stage) => stage >= stages.ended);
}

function anyOf<T>(values: readonly T[]): T {
  return values[Math.floor(Math.random() * values.length)]!;
}
