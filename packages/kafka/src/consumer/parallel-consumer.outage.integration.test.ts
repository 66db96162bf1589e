import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually, startOwnKafka, suspendProcess, type OwnServer } from '@nask/testkit';
import { startConsumerProcess, type ConsumerProcess } from '../../testing/consumer-process.ts';
import { silentLogger } from '../../testing/silent-logger.ts';
import { TestLog } from '../../testing/test-log.ts';
import { connectKafka } from '../connection.ts';
import { createParallelConsumer, type ParallelConsumer } from './parallel-consumer.ts';

const topic = 'work';
const groupId = 'workers';
const partitions = [0, 1, 2, 3];
/** Longer than the test waits: no consumer must have to wait for its own former member. */
const sessionTimeoutMs = 120_000;
/** Long enough for requests of that time to be given up. */
const silenceMs = 5_000;
const patient = { timeoutMs: 30_000 };
let kafka: OwnServer;
let log: TestLog;
let first: ParallelConsumer;
let second: ConsumerProcess;

/** `partition/offset` of what began in the first consumer. */
const began: string[] = [];
const aborted: string[] = [];
const abandoned: unknown[] = [];
let written = 0;

beforeAll(async () => {
  kafka = await startOwnKafka();
  log = new TestLog({ brokers: [kafka.address], topicPrefix: '' });
  await log.open();
  await log.createTopic(topic, partitions.length);
  first = createParallelConsumer({
    connection: connectKafka({ brokers: [kafka.address], clientId: 'test', logger: silentLogger }),
    groupId,
    topics: [topic],
    logger: silentLogger,
    sessionTimeoutMs,
    heartbeatIntervalMs: 200,
    onAssigned: (assigned) => void abandoned.push(...assigned.filter((partition) => partition.abandoned)),
    async handler({ partition, offset }, { signal }) {
      const id = `${partition}/${offset}`;
      began.push(id);
      signal.addEventListener('abort', () => aborted.push(id));
      if (offset === 0) await new Promise(() => undefined);
    },
  });
  await first.start();
  const options = { brokers: [kafka.address], topicPrefix: '', groupId, topic, holdsHead: true, maxWorkMs: 1 };
  second = startConsumerProcess({ ...options, sessionTimeoutMs });
  await expectShared();
  await append(20);
}, 60_000);

afterAll(async () => {
  await Promise.all([first?.stop({ drainTimeoutMs: 0 }), second?.end('SIGKILL')]);
  await log?.close();
  await kafka?.close();
}, 60_000);

async function expectShared(): Promise<void> {
  await eventually(() => expect(first.assignments()).toHaveLength(2), patient);
  await expectReady(true);
}

function expectReady(ready: boolean): Promise<void> {
  return eventually(() => expect([first.health().ready, second.isReady]).toEqual([ready, ready]), patient);
}

async function append(count: number): Promise<void> {
  const records = Array.from({ length: count }, (_, index) => ({ value: `${index}` }));
  await Promise.all(partitions.map((partition) => log.append(topic, partition, records)));
  written += count;
}

/** Gone until both have given up their kafkajs consumers. The first comes back, and the second a while after it. */
async function killed(): Promise<void> {
  await kafka.kill();
  await expectReady(false);
  await suspendProcess(second.pid);
  await kafka.start();
  await eventually(async () => expect(await log.groupState(groupId)).toBe('PreparingRebalance'), patient);
  second.signal('SIGCONT');
}

/** Takes connections and requests and answers none; it gets round to them all when it goes on. */
async function silent(): Promise<void> {
  await suspendProcess(kafka.pid());
  await sleep(silenceMs);
  kafka.signal('SIGCONT');
}

async function expectFlowing(): Promise<void> {
  await eventually(() => {
    const all = [...began, ...second.began];
    const distinct = new Set(all);
    expect({ began: distinct.size, twice: all.length - distinct.size }).toEqual({ began: 4 * written, twice: 0 });
  }, patient);
  await expectReady(true);
}

describe('two consumers of a group, when their broker goes away', () => {
  test.each([
    ['killed', killed],
    ['silent', silent],
  ])(
    'what runs goes on, no partition moves, every record is handled once, and both come back by themselves (%s)',
    async (outage, goAway) => {
      await expectFlowing();
      const before = first.assignments();
      await goAway();
      const backAtMs = performance.now();
      await append(50);
      await expectFlowing();
      process.stdout.write(`   consumers: ${((performance.now() - backAtMs) / 1_000).toFixed(1)} s, ${outage}\n`);
      expect(first.assignments()).toEqual(before);
      expect({ aborted, abandoned }).toEqual({ aborted: [], abandoned: [] });
    },
    120_000,
  );
});
