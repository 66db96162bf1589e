import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually, suspendProcess } from '@nask/testkit';
import { ascending, consumerHarness, numbered, workFor, type ConsumerOptions } from '../../testing/consumer-harness.ts';
import { startConsumerProcess, type ConsumerProcess } from '../../testing/consumer-process.ts';
import { silentLogger } from '../../testing/silent-logger.ts';
import type { ConsumedRecord } from '../record.ts';
import type { ParallelConsumer } from './parallel-consumer.ts';

const { log, brokers, topicPrefix, newTopic, consume, group, stopConsumers } = consumerHarness('parallel-consumer');
const children: ConsumerProcess[] = [];

beforeAll(() => log.open());
afterEach(() => stopConsumers());
afterAll(async () => {
  await Promise.all(children.map((child) => child.end('SIGKILL')));
  await log.close();
});

describe('parallel consumer on a real broker', () => {
  test('given records that ended behind an open one, when the consumer is replaced, then only the open one runs again', async () => {
    const topic = await newTopic(1, 20);
    const groupId = group();
    const first: number[] = [];
    const holding = await consume({
      topics: [topic],
      groupId,
      handler: async ({ offset }, { signal }) => {
        if (offset === 3) await aborted(signal);
        first.push(offset);
      },
    });
    await eventually(() => expect(first).toHaveLength(19));
    await holding.stop({ drainTimeoutMs: 0 });

    const second: number[] = [];
    await consume({ topics: [topic], groupId, handler: async ({ offset }) => void second.push(offset) });
    await log.append(topic, 0, numbered(20, 1));

    await eventually(() => expect(second).toContain(20));
    expect(second.sort(ascending)).toEqual([3, 20]);
    await eventually(async () => expect((await log.committed(groupId, topic)).get(0)?.offset).toBe(21));
  });

  test('given a slow head and 5,000 behind it, when the process is killed, then nothing committed runs again', async () => {
    const topic = await newTopic(1, 5_000);
    const groupId = group();
    const child = startConsumerProcess({ brokers, topicPrefix, groupId, topic, holdsHead: true, maxWorkMs: 0 });
    children.push(child);

    // They do not wait for the head: all of them end, and are committed, while it is open.
    await eventually(async () => {
      expect(child.ended).toHaveLength(4_999);
      expect((await log.committed(groupId, topic)).get(0)?.isDone(4_999)).toBe(true);
    });
    await child.end('SIGKILL');
    const commit = (await log.committed(groupId, topic)).get(0)!;
    expect(commit.offset).toBe(0);

    const again: number[] = [];
    await consume({ topics: [topic], groupId, handler: async ({ offset }) => void again.push(offset) });
    await log.append(topic, 0, numbered(5_000, 1));

    await eventually(() => expect(again).toContain(5_000));
    expect(again.filter((offset) => commit.isDone(offset))).toEqual([]);
    expect(again).toContain(0);
  }, 60_000);

  test('given work under way, when members join and leave, then every record ends exactly once', async () => {
    const partitions = 6;
    const topic = await newTopic(partitions, 400);
    const groupId = group();
    const endings = new Map<string, number>();
    const handler = async ({ partition, offset }: ConsumedRecord, { signal }: { signal: AbortSignal }) => {
      await workFor((offset * 7 + partition) % 40, signal);
      const id = `${partition}/${offset}`;
      endings.set(id, (endings.get(id) ?? 0) + 1);
    };
    const member = () => consume({ topics: [topic], groupId, handler, maxInFlight: 20 });

    const first = await member();
    await eventually(() => expect(endings.size).toBeGreaterThan(100));
    const second = await member();
    await eventually(() => expect(second.assignments()).toHaveLength(3));
    const third = await member();
    await eventually(() => expect(third.assignments()).toHaveLength(2));
    await first.stop();
    await eventually(() => expect(second.assignments().length + third.assignments().length).toBe(partitions));

    await eventually(() => expect(endings.size).toBe(partitions * 400));
    expect([...endings].filter(([, times]) => times !== 1)).toEqual([]);
  }, 60_000);

  test('given members that are killed, then nothing is lost, and only what they had not committed runs again', async () => {
    const partitions = 4;
    const topic = await newTopic(partitions, 1_500);
    const groupId = group();
    const members: ConsumerProcess[] = [];
    const start = () => {
      const child = startConsumerProcess({ brokers, topicPrefix, groupId, topic, holdsHead: false, maxWorkMs: 40 });
      children.push(child);
      members.push(child);
      return child;
    };
    const excused = new Set<string>();

    for (const victim of [start(), start(), start()].slice(0, 2)) {
      await eventually(() => expect(victim.ended.length).toBeGreaterThan(100));
      await victim.end('SIGKILL');
      const committed = await log.committed(groupId, topic);
      for (const id of victim.ended) {
        const [partition, offset] = id.split('/').map(Number) as [number, number];
        if (!committed.get(partition)?.isDone(offset)) excused.add(id);
      }
      start();
    }

    const all = () => members.flatMap((member) => member.ended);
    await eventually(() => expect(new Set(all()).size).toBe(partitions * 1_500), { timeoutMs: 90_000 });
    const repeats = [...Map.groupBy(all(), (id) => id)].flatMap(([id, endings]) => (endings.length > 1 ? [id] : []));
    expect(repeats.filter((id) => !excused.has(id))).toEqual([]);
  }, 120_000);

  test('given two topics, when two members share them, then each has the same partition numbers of both', async () => {
    const topics = [await newTopic(4), await newTopic(4)];
    const groupId = group();
    const handler = () => Promise.resolve();
    const first = await consume({ topics, groupId, handler });
    const second = await consume({ topics, groupId, handler });

    await eventually(() => expect([first, second].map((member) => member.assignments().length)).toEqual([4, 4]));
    const numbers = (member: ParallelConsumer, topic: string | undefined) =>
      member.assignments().flatMap((assigned) => (assigned.topic === topic ? [assigned.partition] : []));
    for (const member of [first, second]) expect(numbers(member, topics[0])).toEqual(numbers(member, topics[1]));
    expect([...numbers(first, topics[0]), ...numbers(second, topics[0])].sort(ascending)).toEqual([0, 1, 2, 3]);
  });

  test('given a handler under way, when the consumer stops, then it ends, nothing new begins, and both are committed', async () => {
    const topic = await newTopic(1, 3);
    const groupId = group();
    const started: number[] = [];
    const finish = Promise.withResolvers<void>();
    const consumer = await consume({
      topics: [topic],
      groupId,
      maxInFlight: 1,
      handler: async ({ offset }) => {
        started.push(offset);
        await finish.promise;
      },
    });
    await eventually(() => expect(started).toEqual([0]));

    const stopped = consumer.stop({ drainTimeoutMs: 20_000 });
    finish.resolve();
    await stopped;

    expect(started).toEqual([0]);
    expect((await log.committed(groupId, topic)).get(0)?.offset).toBe(1);
  });

  test('given a handler that takes longer than the session time-out, then its member stays and the record runs once', async () => {
    const topic = await newTopic(1, 1);
    const groupId = group();
    let runs = 0;
    let rebalances = 0;
    await consume({
      topics: [topic],
      groupId,
      onAssigned: () => void (rebalances += 1),
      handler: async (_, { signal }) => {
        runs += 1;
        await workFor(8_000, signal);
      },
    });
    await eventually(async () => expect((await log.committed(groupId, topic)).get(0)?.offset).toBe(1));
    expect([runs, rebalances]).toEqual([1, 1]);
  }, 60_000);

  test('given a member that holds up a rebalance, then the others wait for it, and do not start again', async () => {
    const topic = await newTopic(2);
    const groupId = group();
    const options = { brokers, topicPrefix, groupId, topic, holdsHead: false, maxWorkMs: 1 };
    const suspended = startConsumerProcess(options);
    children.push(suspended);
    await eventually(() => expect(suspended.isReady).toBe(true), { timeoutMs: 20_000 });

    const problems: unknown[][] = [];
    const logger = { ...silentLogger, warn: (...problem: unknown[]) => void problems.push(problem) };
    const handled: string[] = [];
    const mine: ConsumerOptions = {
      topics: [topic],
      groupId,
      logger: { ...logger, child: () => logger },
      maxInFlight: 1,
      // Some end while the group waits, and are committed then.
      async handler({ partition, offset }) {
        await new Promise((resolve) => setTimeout(resolve, 70));
        handled.push(`${partition}/${offset}`);
      },
    };
    const steady = await consume(mine);
    await eventually(() => expect(steady.assignments()).toHaveLength(1));
    const { partition } = steady.assignments()[0]!;
    await log.append(topic, partition, numbered(0, 150));
    await eventually(() => expect(handled.length).toBeGreaterThan(0));

    await suspendProcess(suspended.pid);
    // A third one begins the rebalance, and is ready when the group has given up the suspended member.
    await consume({ ...mine, handler: async () => {} });
    await eventually(() => expect(handled).toHaveLength(150), { timeoutMs: 20_000 });
    await suspended.end('SIGKILL');
    expect(problems).toEqual([]);
  }, 60_000);
});

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
}
