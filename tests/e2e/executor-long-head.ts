import { partitionFor } from '@nask/kafka';
import { eventually, runContract, serviceEnv, spawnService, type Isolation, type TestServers } from '@nask/testkit';
import { openTestTaskLog, type TestTaskLog } from '@nask/testkit/task-log';
import { silentLogger } from '../../packages/kafka/testing/silent-logger.ts';
import { TestLog } from '../../packages/kafka/testing/test-log.ts';

interface LongHeadReport {
  /** From the request of the short tasks to the end of the last one. */
  seconds: number;
  /** Short tasks that were begun or ended more than once. */
  ranAgain: number[];
  /** How often the long one was begun. */
  headStarts: number;
  /** Whether the long one has ended, which it should not have. */
  headEnded: boolean;
}

const headSeconds = 3_600;
const partition = 0;
const timeoutMs = 120_000;

/**
 * Requests a long sleep and then many short tasks on one partition, waits until they have ended and are committed, kills
 * the executor, and starts it again until it has done a task more.
 */
export async function longHead(options: {
  isolation: Isolation;
  servers: TestServers;
  shortTasks: number;
}): Promise<LongHeadReport> {
  const { isolation, servers, shortTasks } = options;
  const { topicPrefix } = isolation;
  const env = { ...serviceEnv(isolation, servers), KAFKA_SESSION_TIMEOUT_MS: '6000' };
  await runContract(env);

  await using cleanUp = new AsyncDisposableStack();
  const commits = new TestLog({ brokers: servers.brokers, topicPrefix, logger: silentLogger });
  await commits.open();
  cleanUp.defer(() => commits.close());
  const log = await openTestTaskLog(isolation, { servers, hasContract: true });
  cleanUp.defer(() => log.close());
  const executor = await spawnService('executor', env);
  cleanUp.defer(() => executor.close());

  const [head, marker, ...short] = (await idsIn(log, partition, shortTasks + 2)) as [number, number, ...number[]];
  await request(log, [{ task_id: head, type: 'sleep', input: headSeconds }]);
  const requestedMs = performance.now();
  // The three ways in which a task runs: at once, in a thread, waiting.
  const kinds = [
    { type: 'fibonacci', input: 10 },
    { type: 'prime', input: 10 },
    { type: 'sleep', input: 0.01 },
  ];
  await request(
    log,
    short.map((task_id, i) => ({ task_id, ...kinds[i % kinds.length]! })),
  );
  const ended = (count: number) => async () => {
    const completed = await recordCount(log, 'tasks.completed');
    if (completed < count) throw new Error(`${completed} of ${count} tasks have ended`);
  };
  await eventually(ended(shortTasks), { timeoutMs });
  const seconds = (performance.now() - requestedMs) / 1_000;

  // Its offset is 0, theirs follow.
  await eventually(async () => {
    const committed = (await commits.committed(`${topicPrefix}executor`, 'tasks.requested')).get(partition);
    const open = short.filter((_, i) => committed?.isDone(1 + i) !== true).length;
    if (open > 0 || committed?.offset !== 0) throw new Error(`${open} that ended are not committed`);
  });
  await executor.kill('SIGKILL');
  await executor.start();
  // It comes after all of theirs: when it has ended, they have been passed.
  await request(log, [{ task_id: marker, type: 'sleep', input: 0 }]);
  await eventually(ended(shortTasks + 1), { timeoutMs });

  const [started, completed] = await Promise.all([log.events('tasks.started'), log.events('tasks.completed')]);
  const starts = Map.groupBy(started, ({ task_id }) => task_id);
  const ends = Map.groupBy(completed, ({ task_id }) => task_id);
  return {
    seconds,
    ranAgain: short.filter((id) => (starts.get(id)?.length ?? 0) > 1 || ends.get(id)?.length !== 1),
    headStarts: starts.get(head)?.length ?? 0,
    headEnded: ends.has(head),
  };
}

/** How many records a topic has. */
async function recordCount(log: TestTaskLog, topic: 'tasks.completed'): Promise<number> {
  const ends = await log.ends(topic);
  return [...ends.values()].reduce((sum, { logStart, logEnd }) => sum + logEnd - logStart, 0);
}

/** Requests tasks, as no gateway does: with ids of the caller's. */
async function request(log: TestTaskLog, tasks: { task_id: number; type: string; input: number }[]): Promise<void> {
  const requests = tasks.map(({ task_id, type, input }) =>
    log.write('tasks.requested', {
      event_id: crypto.randomUUID(),
      task_id,
      type,
      payload: JSON.stringify({ input }),
      notify_url: null,
      requested_at: Date.now(),
      timeout_ms: null,
    }),
  );
  await Promise.all(requests);
}

/** The first ids whose tasks live in this partition. */
async function idsIn(log: TestTaskLog, partition: number, size: number): Promise<number[]> {
  const partitions = (await log.ends('tasks.requested')).size;
  const ids: number[] = [];
  for (let id = 1; ids.length < size; id += 1) if (partitionFor(String(id), partitions) === partition) ids.push(id);
  return ids;
}
