import type { TaskCompleted, TaskStarted } from '@nask/schemas';
import { eventually, spawnService, type Isolation, type ServiceUnderTest, type TestServers } from '@nask/testkit';
import { openTestTaskLog, type TestTaskLog } from '@nask/testkit/task-log';
import { steadyLoad, type Posted } from './load.ts';
import { startSystem, systemEnv, type Client } from './system.ts';

/** What became of the tasks that were posted while executors came and went in one way. */
export interface PhaseReport {
  tasks: number;
  /** Tasks that a GET does not show with the right result, or not with the outcome that the log has first. */
  wrong: string[];
  gracefulChanges: number;
  kills: readonly Kill[];
  repeats: readonly TaskCompleted[];
  restarts: number;
}

/** Something that is done to the executors while tasks are posted. */
export type Phase = (fleet: ExecutorFleet) => Promise<void>;

interface ChaosOptions {
  isolation: Isolation;
  servers: TestServers;
  tasksPerSecond: number;
  /** Each has a load of its own, which ends before the next one begins. */
  phases: readonly Phase[];
}

const settings = {
  KAFKA_SESSION_TIMEOUT_MS: '6000',
  // Shorter than the long sleeps, so that some are handed over.
  SHUTDOWN_GRACE_MS: '4000',
};
const fleetSize = 3;

/** Runs a system with three executors through phases in which they come and go, and says of each what became of its tasks. */
export async function executorChaos(options: ChaosOptions): Promise<PhaseReport[]> {
  const { isolation, servers, tasksPerSecond, phases } = options;
  await using cleanUp = new AsyncDisposableStack();
  const system = await startSystem(isolation, servers, settings);
  cleanUp.defer(() => system.close());
  await system.service('executor').stop();
  const fleet = await ExecutorFleet.start(fleetSize, systemEnv(isolation, servers, settings));
  cleanUp.defer(() => fleet.close());
  const log = await openTestTaskLog(isolation, { servers, hasContract: true });
  cleanUp.defer(() => log.close());

  const reports: PhaseReport[] = [];
  for (const phase of phases) {
    const before = { changes: fleet.gracefulChanges, kills: fleet.kills.length };
    const load = steadyLoad(system.client, tasksPerSecond);
    await phase(fleet).catch(async (error: unknown) => {
      await load.stop();
      throw error;
    });
    const posted = await load.stop();
    const { outcomes, repeats, restarts } = await executionsOfAll(log, posted);
    reports.push({
      tasks: posted.size,
      wrong: await wrongAnswers(system.client, posted, outcomes),
      gracefulChanges: fleet.gracefulChanges - before.changes,
      kills: fleet.kills.slice(before.kills),
      repeats,
      restarts,
    });
  }
  return reports;
}

/** Waits until all tasks have ended. */
async function executionsOfAll(log: TestTaskLog, posted: ReadonlyMap<number, Posted>): Promise<Executions> {
  const isPosted = ({ task_id }: { task_id: number }) => posted.has(task_id);
  return eventually(
    async () => {
      // What was acknowledged before its task's end is read as well.
      const completed = await log.events('tasks.completed');
      const executions = executionsOf((await log.events('tasks.started')).filter(isPosted), completed.filter(isPosted));
      const open = posted.size - executions.outcomes.size;
      if (open > 0) throw new Error(`${open} of ${posted.size} tasks have not ended`);
      return executions;
    },
    { timeoutMs: 60_000, intervalMs: 500 },
  );
}

const clients = 20;

async function wrongAnswers(
  client: Client,
  posted: ReadonlyMap<number, Posted>,
  outcomes: ReadonlyMap<number, TaskCompleted>,
): Promise<string[]> {
  const wrong: string[] = [];
  const left = [...posted];
  const ask = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const [id, task] = next;
      const { outcome, result, completed_at } = outcomes.get(id)!;
      const { body } = await client.get(id);
      const shown = JSON.stringify([body.status, body.result, body.completed_at]);
      const first = JSON.stringify([outcome, JSON.parse(result ?? 'null'), new Date(completed_at).toISOString()]);
      const isRight = shown === first && body.status === 'SUCCESS' && result === JSON.stringify(task.expected);
      if (!isRight) wrong.push(`task ${id}: GET shows ${shown}, the log has ${first} first`);
    }
  };
  await Promise.all(Array.from({ length: clients }, ask));
  return wrong;
}

/**
 * How long before the kill of its executor a repeated task had ended, in ms: at most as long as it takes until a commit
 * is through. Infinity when its executor was not killed afterwards.
 */
export function repeatAgeMs({ executor, completed_at }: TaskCompleted, kills: readonly Kill[]): number {
  const ages = kills.flatMap((kill) => (kill.executor === executor ? [kill.atMs - completed_at] : []));
  return Math.min(Infinity, ...ages.filter((ageMs) => ageMs >= 0));
}

/** An executor that was killed, and when, in ms since 1970. */
interface Kill {
  executor: string;
  atMs: number;
}

/** Several executors of one system, which come and go. */
export class ExecutorFleet {
  readonly kills: Kill[] = [];
  gracefulChanges = 0;
  readonly #executors: ServiceUnderTest[];

  private constructor(executors: ServiceUnderTest[]) {
    this.#executors = executors;
  }

  /** @param env settings of each of them, as startSystem gives them to the services */
  static async start(size: number, env: Record<string, string>): Promise<ExecutorFleet> {
    const executors = Array.from({ length: size }, (_, i) =>
      spawnService('executor', { ...env, EXECUTOR_NAME: nameOf(i) }),
    );
    const started = await Promise.allSettled(executors);
    const fleet = new ExecutorFleet(started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])));
    const failed = started.find((each) => each.status === 'rejected');
    if (failed === undefined) return fleet;
    await fleet.close();
    throw failed.reason;
  }

  /** One leaves as SIGTERM makes it and is back. */
  async restart(index: number): Promise<void> {
    const executor = this.#executors[index]!;
    await executor.stop();
    await executor.start();
    this.gracefulChanges += 2;
  }

  /** One is killed by SIGKILL and is back. */
  async kill(index: number): Promise<void> {
    const executor = this.#executors[index]!;
    this.kills.push({ executor: nameOf(index), atMs: Date.now() });
    await executor.kill('SIGKILL');
    await executor.start();
  }

  async close(): Promise<void> {
    await Promise.all(this.#executors.map((executor) => executor.close()));
  }
}

function nameOf(index: number): string {
  return `executor-${index + 1}`;
}

/** What the log tells of how often tasks were run. */
interface Executions {
  /** The outcome of each task: its completion with the lowest offset. */
  readonly outcomes: ReadonlyMap<number, TaskCompleted>;
  /** The outcomes of the tasks that were run again though they had ended: that have more than one completion. */
  readonly repeats: readonly TaskCompleted[];
  /** How many tasks were begun more than once and ended once: unfinished work that another process took over. */
  readonly restarts: number;
}

/** @param completed the events of a task in the order of their offsets */
function executionsOf(started: readonly TaskStarted[], completed: readonly TaskCompleted[]): Executions {
  const completions = Map.groupBy(completed, ({ task_id }) => task_id);
  const starts = Map.groupBy(started, ({ task_id }) => task_id);
  const outcomes = new Map([...completions].map(([id, [outcome]]) => [id, outcome!]));
  const repeats = [...completions.values()].flatMap(([outcome, ...later]) => (later.length > 0 ? [outcome!] : []));
  const restarts = [...starts].filter(([id, of]) => of.length > 1 && completions.get(id)?.length === 1).length;
  return { outcomes, repeats, restarts };
}
